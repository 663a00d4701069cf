import { type Emit, type PhasegateEvent, subjectOfEvent, systemClock, unitName } from '@phasegate/core'
import { describeEvent } from './describe-event.js'
import type { Output } from './output.js'
import { isPassing } from './passing-event.js'

/** `debug` is written with `-v` only, `info` not with `--quiet`. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface LogOptions {
  readonly verbose: boolean
  readonly quiet: boolean
  /** One line without its end. */
  readonly write: (line: string) => void
  /** ms, monotonic, for the pace of lines. */
  readonly now: () => number
  readonly date?: () => Date
}

/** ms between two lines about the batches of one backfill. */
const LINE_EVERY = 5000

/**
 * The log of a daemon: each event is one line of JSON, `level`, `time`, `type`, `unit` and `message` first, then what the
 * event holds. Batches, of which there are many, have a line every few seconds for each backfill.
 */
export function createDaemonLog(options: LogOptions): Emit {
  const { verbose, quiet, write, now, date = () => new Date() } = options
  const writtenAt = new Map<string, number>()
  return (event) => {
    const level = levelOf(event)
    if (level === 'debug' ? !verbose : level === 'info' && quiet) return
    const subject = subjectOfEvent(event)
    if (subject !== undefined && isPassing(event)) {
      if (now() - (writtenAt.get(subject) ?? Number.NEGATIVE_INFINITY) < LINE_EVERY) return
      writtenAt.set(subject, now())
    }
    const { type, unit: of, ...rest } = { unit: undefined, ...event }
    const unit = of === undefined ? undefined : unitName(of)
    write(JSON.stringify({ level, time: date().toISOString(), type, unit, message: messageOf(event), ...rest }))
  }
}

/** A daemon's data is its log: JSON lines on stdout, with `--json` and without. */
export function daemonLogTo({ verbose, quiet, data }: Output): Emit {
  return createDaemonLog({ verbose, quiet, write: data, now: systemClock.now })
}

function messageOf(event: PhasegateEvent): string {
  return (describeEvent(event, true) ?? event.type).split('\n')[0]!
}

function levelOf(event: PhasegateEvent): LogLevel {
  switch (event.type) {
    case 'lock.acquired':
    case 'lock.waiting':
    case 'gate.checked':
    case 'step.started':
    case 'step.done':
    case 'batch.retry':
      return 'debug'
    case 'unit.changed':
      return event.state === 'failed' ? 'error' : 'info'
    case 'row.quarantined':
    case 'connection.lost':
      return 'warn'
    case 'worker.failed':
      return 'error'
    default:
      return 'info'
  }
}
