import { type Emit, type PhasegateEvent, type UnitProgress, unitName } from '@phasegate/core'
import type { Output } from './output.js'
import { truncate } from './table.js'

export interface Progress {
  /** Give this to the runner. */
  readonly emit: Emit
  /** Ends the live line, so that what is printed next starts on its own. */
  end(): void
}

/** ms between two lines of one backfill where there is no terminal. */
const LINE_EVERY = 5000

/**
 * Shows events on stderr: a live line for batches on a terminal, else a line every few seconds; one JSON line an event
 * with `--json`; nothing with `--quiet`.
 *
 * @param now ms, for the pace of lines
 */
export function createProgress(output: Output, now: () => number = performance.now.bind(performance)): Progress {
  if (output.quiet) return { emit: () => {}, end: () => {} }
  if (output.format === 'json') return { emit: (event) => output.complain(JSON.stringify(event)), end: () => {} }
  let live = false
  let lastLine = Number.NEGATIVE_INFINITY
  const end = (): void => {
    if (live) output.draw('\r\u001b[2K')
    live = false
  }
  const emit: Emit = (event) => {
    const text = describeEvent(event, output.verbose)
    if (text === undefined) return
    if (event.type !== 'batch.done') {
      end()
      output.say(text)
    } else if (output.err.isTTY) {
      output.draw(`\r\u001b[2K${truncate(text, output.err.columns - 1)}`)
      live = true
    } else if (now() - lastLine >= LINE_EVERY) {
      lastLine = now()
      output.say(text)
    }
  }
  return { emit, end }
}

/** One event in words; undefined for what only `-v` shows. */
export function describeEvent(event: PhasegateEvent, verbose: boolean): string | undefined {
  switch (event.type) {
    case 'lock.waiting':
      return `waiting for the ${event.lock} lock${event.holder === undefined ? '' : ` held by ${event.holder.application || event.holder.user || 'a session'} (${event.holder.client})`}, ${seconds(event.waitedMs)}`
    case 'lock.acquired':
      return verbose ? `lock ${event.lock} taken after ${seconds(event.waitedMs)}` : undefined
    case 'unit.started':
      return `${unitName(event.unit)} ${event.resumed ? 'resumed' : 'started'}${event.steps === 0 ? '' : `, ${event.steps} step${event.steps === 1 ? '' : 's'}`}`
    case 'unit.changed':
      return `${unitName(event.unit)} ${event.state}${event.reason === undefined ? '' : `: ${event.reason}`}`
    case 'unit.waiting':
      return `${unitName(event.unit)} waits for ${event.for}${event.ms === undefined ? '' : `, ${seconds(event.ms)}`}`
    case 'step.started':
      return verbose ? `${unitName(event.unit)} step ${event.position}: ${truncate(event.statement, 160)}` : undefined
    case 'step.retry': {
      const holder = event.holders[0]
      const who =
        holder === undefined
          ? ''
          : `; held by ${holder.application || holder.user || 'a session'} (backend ${holder.backend.id})`
      return `${unitName(event.unit)} step ${event.position}: ${event.reason}${who}; try ${event.attempt + 1} in ${seconds(event.pauseMs)}`
    }
    case 'step.done':
      return verbose
        ? `${unitName(event.unit)} step ${event.position} ${event.found ? 'found done' : `done in ${seconds(event.ms)}`}`
        : undefined
    case 'gate.checked':
      return verbose
        ? `${unitName(event.unit)} gates: ${event.checks.map((check) => `${check.name} ${check.state}`).join(', ')}`
        : undefined
    case 'batch.done':
      return `${unitName(event.unit)} ${describeProgress(event.progress)}`
    case 'batch.retry':
      return verbose ? `${unitName(event.unit)} batch again with ${event.size} rows: ${event.reason}` : undefined
    case 'backfill.waiting':
      return `${unitName(event.unit)} waits: ${event.reason}`
    case 'backfill.throttled':
      return event.level === null
        ? `${unitName(event.unit)} goes on`
        : `${unitName(event.unit)} ${event.level === 'stop' ? 'waits' : 'goes slower'}: ${event.reason}`
    case 'backfill.unseen':
      return `${unitName(event.unit)} does not look at ${event.signal}: ${event.reason}`
    case 'backfill.verifying':
      return `${unitName(event.unit)} verifying, pass ${event.pass}${event.mismatches === undefined ? '' : `: ${event.mismatches} rows differ`}`
    case 'connection.lost':
      return `connection lost (${event.reason}), try ${event.attempt}`
  }
}

/** `340,000 of ~1,000,000 rows (34 %), 52,000 rows/s, 13 s left`; the total is the planner's estimate. */
export function describeProgress(progress: UnitProgress): string {
  const { done, total, rowsPerSecond, etaSeconds } = progress
  const count = (value: number): string => Math.round(value).toLocaleString('en-US')
  const share =
    total === null || total === 0 ? '' : ` of ~${count(total)} (${Math.min(100, Math.floor((done / total) * 100))} %)`
  const parts = [
    `${count(done)}${share} rows`,
    ...(rowsPerSecond === null ? [] : [`${count(rowsPerSecond)} rows/s`]),
    ...(etaSeconds === null ? [] : [`${seconds(etaSeconds * 1000)} left`]),
    ...(progress.paused ? ['paused'] : []),
    ...(progress.throttleReason === null ? [] : [progress.throttleReason]),
  ]
  return parts.join(', ')
}

function seconds(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const total = Math.round(ms / 1000)
  if (total < 120) return `${ms < 10_000 ? (ms / 1000).toFixed(1) : total} s`
  return total < 7200 ? `${Math.round(total / 60)} min` : `${Math.round(total / 3600)} h`
}
