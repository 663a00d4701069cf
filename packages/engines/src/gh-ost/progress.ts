import type { EngineProgress } from '@phasegate/core'
import type { RowRate } from './row-rate.js'
import { HELD, type StatusLine } from './status-line.js'

/** What gh-ost calls a wait that we ordered, by the flag file or the socket. */
const OURS = ['flag-file', 'commanded by user']

/** Before its first status line. */
export const STARTING: EngineProgress = {
  engine: 'gh-ost',
  state: 'starting',
  done: null,
  total: null,
  percent: null,
  rowsPerSecond: null,
  etaSeconds: null,
  lagSeconds: null,
  paused: false,
  throttleReason: null,
}

export interface ProgressContext {
  /** Rows of the table by the server's statistics: gh-ost's own estimate is 0 where EXPLAIN answers as a tree (MySQL 9). */
  readonly rows: number | null
  readonly rate: RowRate
  /** Its cut-over was let happen. */
  readonly released: boolean
}

export function progressOf(line: StatusLine, { rows, rate, released }: ProgressContext): EngineProgress {
  const { copied } = line
  const held = line.state === HELD
  // When it has copied everything, gh-ost takes what it has copied for its estimate (go/logic/progress_snapshot.go).
  const complete = held || (copied > 0 && copied === line.estimate)
  const total = complete ? copied : ([line.estimate, rows ?? 0].find((estimate) => estimate > copied) ?? null)
  const reason = /^throttled, (.*)$/.exec(line.state)?.[1] ?? null
  const late = rate.take(copied, line.seconds)
  return {
    engine: 'gh-ost',
    state: held ? 'held' : complete ? (released ? 'cutting over' : 'catching up') : 'copying',
    done: copied,
    total,
    percent: complete ? 100 : total === null ? null : (100 * copied) / total,
    rowsPerSecond: complete ? null : late,
    etaSeconds: complete ? 0 : total === null || reason !== null || !late ? null : (total - copied) / late,
    lagSeconds: line.lag,
    paused: reason !== null && OURS.includes(reason),
    throttleReason: reason,
  }
}
