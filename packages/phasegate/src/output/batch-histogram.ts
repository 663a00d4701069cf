import type { BatchTimes } from '@phasegate/core'
import { formatCount, formatDuration } from './amounts.js'
import { renderTable } from './table.js'

/** Fewer batches than these make no picture. */
const WORTH_DRAWING = 10
const WIDEST_BAR = 40

/** What the batches of a backfill cost, in one line; where there are enough of them, how long they took as bars. */
export function describeBatches(times: BatchTimes): readonly string[] {
  const summary = [
    `${formatCount(times.batches)} batches, ${formatCount(times.rows)} rows`,
    ...quantiles(times),
    `${formatCount(times.retries)} retried`,
    `slowed down for ${formatDuration(times.throttledMs)}`,
    `paused for ${formatDuration(times.pausedMs)}`,
  ]
  return [summary.join(', '), ...(times.batches < WORTH_DRAWING ? [] : bars(times))]
}

function quantiles({ p50Ms, p90Ms, p99Ms, maxMs }: BatchTimes): readonly string[] {
  const named = { p50: p50Ms, p90: p90Ms, p99: p99Ms, max: maxMs }
  return Object.entries(named).flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${formatDuration(ms)}`]))
}

/** A bar for each doubling of the time, those between the shortest and the longest batch. */
function bars(times: BatchTimes): readonly string[] {
  const counts = new Map<number, number>()
  for (const { upToMs, batches } of times.buckets) {
    // A bucket's bound may be rounded to just above the power that it stands for.
    const doubling = Math.max(0, Math.ceil(Math.log2(upToMs) - 0.01))
    counts.set(doubling, (counts.get(doubling) ?? 0) + batches)
  }
  const doublings = [...counts.keys()]
  const most = Math.max(...counts.values())
  const rows: string[][] = []
  for (let doubling = Math.min(...doublings); doubling <= Math.max(...doublings); doubling++) {
    const batches = counts.get(doubling) ?? 0
    const bar = '#'.repeat(Math.ceil((batches / most) * WIDEST_BAR))
    rows.push([`up to ${formatDuration(2 ** doubling)}`, formatCount(batches), bar])
  }
  const columns = [{ title: '', align: 'right' }, { title: '', align: 'right' }, { title: '' }] as const
  return renderTable(columns, rows)
    .slice(1)
    .map((line) => `  ${line}`)
}
