import type { UnitProgress } from '@phasegate/core'
import { formatCount, formatDuration, formatPercent } from './amounts.js'
import { displayWidth, truncate } from './table.js'

/** `340,000 of ~1,000,000 rows (34 %), 52,000 rows/s, 13 s left, batches of 12,000`; the total is an estimate. */
export function describeProgress(progress: UnitProgress): string {
  return partsOf(progress)
    .map((part) => part.text)
    .join(', ')
}

/** The same behind the name of its unit, in one line of that width: what says least goes first. */
export function progressLine(unit: string, progress: UnitProgress, width: number): string {
  // The time that a migration's name begins with sorts it; a person knows it by the rest.
  const names = [unit, unit.replace(/^\d{8,}_/, '')]
  let parts = partsOf(progress)
  for (;;) {
    for (const name of names) {
      const line = [`${name} ${parts[0]?.text ?? ''}`, ...parts.slice(1).map((part) => part.text)].join(', ')
      if (displayWidth(line) <= width) return line
      if (parts.length === 1 && name === names[1]) return truncate(line, width)
    }
    const least = Math.min(...parts.slice(1).map((part) => part.worth))
    parts = parts.filter((part, index) => index === 0 || part.worth !== least)
  }
}

interface Part {
  readonly text: string
  /** Where there is no room for all, those that are worth least are left out. */
  readonly worth: number
}

function partsOf(progress: UnitProgress): readonly Part[] {
  const { batchSize, compared, engine, etaSeconds, pausedSeconds, rowsPerSecond, throttledSeconds, throttleReason } =
    progress
  const part = (worth: number, text: string | undefined): readonly Part[] =>
    text === undefined ? [] : [{ worth, text }]
  const time = (seconds: number): string => formatDuration(seconds * 1000)
  return [
    { worth: 9, text: rowsText(progress) },
    ...part(8, engine === null ? undefined : `${engine.name} ${engine.state}`),
    ...part(2, engine?.lagSeconds == null || engine.lagSeconds < 1 ? undefined : `${time(engine.lagSeconds)} behind`),
    ...part(8, compared === null ? undefined : `verifying, ${formatCount(compared)} rows compared`),
    ...part(4, rowsPerSecond === null || compared !== null ? undefined : `${formatCount(rowsPerSecond)} rows/s`),
    ...part(
      5,
      etaSeconds === null || compared !== null || progress.percent === 100 ? undefined : `${time(etaSeconds)} left`,
    ),
    ...part(3, batchSize === null || compared !== null ? undefined : `batches of ${formatCount(batchSize)}`),
    ...part(7, progress.paused ? 'paused' : undefined),
    ...part(6, throttleReason === null ? undefined : `slowed down: ${throttleReason}`),
    ...part(1, throttledSeconds === 0 ? undefined : `slowed down for ${time(throttledSeconds)} so far`),
    ...part(2, pausedSeconds === 0 ? undefined : `paused for ${time(pausedSeconds)} so far`),
  ]
}

function rowsText({ done, total, percent }: UnitProgress): string {
  const of = total === null || percent === 100 ? '' : ` of ~${formatCount(total)}`
  return `${formatCount(done)}${of} rows${percent === null ? '' : ` (${formatPercent(percent)})`}`
}
