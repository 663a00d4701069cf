import { type ErrorEnvelope, type PhasegateEvent, type UnitName, unitName } from '@phasegate/core'

/** What `GET /health/live` and `GET /health/ready` say. */
export interface WorkerHealth {
  /** `starting` until the journal was read once; `unreachable` while it cannot be; `stopping` after SIGTERM. */
  readonly state: 'starting' | 'idle' | 'running' | 'unreachable' | 'stopping'
  /** The backfill that runs. */
  readonly unit: UnitName | null
  /** Does the loop turn? False where nothing at all has happened for too long: what hangs is to be restarted. */
  readonly live: boolean
  /** Was the journal read, and is the database there? False while it stops. */
  readonly ready: boolean
  /** ms since anything happened. */
  readonly turnedMs: number
  readonly lastError: (Pick<ErrorEnvelope, 'code' | 'message'> & { readonly at: string }) | null
}

/** Keeps the health of a daemon: told what happens, asked by the endpoint. */
export interface HealthKeeper {
  /** Something has happened, or its loop has turned. */
  turn(): void
  /** Tells it what an event says about the database. */
  hear(event: PhasegateEvent): void
  connected(): void
  unreachable(error: Pick<ErrorEnvelope, 'code' | 'message'>): void
  /** What went wrong with a unit, which is no reason to be unready. */
  failed(error: Pick<ErrorEnvelope, 'code' | 'message'>): void
  running(unit: UnitName | null): void
  stopping(): void
  read(): WorkerHealth
}

/** Events that only a database that answers can bring about. */
const SIGNS_OF_LIFE: ReadonlySet<PhasegateEvent['type']> = new Set(['batch.done', 'backfill.compared', 'unit.started'])

/**
 * @param now ms, monotonic
 * @param staleAfter ms without a turn after which it is not live any more
 * @param date the wall clock, for `lastError.at`
 */
export function createHealthKeeper(
  now: () => number,
  staleAfter: number,
  date: () => Date = () => new Date(),
): HealthKeeper {
  let turnedAt = now()
  let unit: UnitName | null = null
  let reached: 'not yet' | 'yes' | 'no' = 'not yet'
  let stopping = false
  let lastError: WorkerHealth['lastError'] = null

  const remember = ({ code, message }: Pick<ErrorEnvelope, 'code' | 'message'>): void => {
    lastError = { code, message, at: date().toISOString() }
  }
  const unreachable: HealthKeeper['unreachable'] = (error) => {
    reached = reached === 'not yet' ? 'not yet' : 'no'
    remember(error)
  }
  const state = (): WorkerHealth['state'] => {
    if (stopping) return 'stopping'
    if (reached === 'yes') return unit === null ? 'idle' : 'running'
    return reached === 'no' ? 'unreachable' : 'starting'
  }
  return {
    turn: () => {
      turnedAt = now()
    },
    hear: (event) => {
      turnedAt = now()
      if (event.type === 'connection.lost') unreachable({ code: 'DATABASE.UNREACHABLE', message: event.reason })
      else if (SIGNS_OF_LIFE.has(event.type)) reached = 'yes'
      if (event.type === 'unit.started') unit = unitName(event.unit)
    },
    connected: () => {
      reached = 'yes'
    },
    unreachable,
    failed: remember,
    running: (now) => {
      unit = now
    },
    stopping: () => {
      stopping = true
    },
    read: () => {
      const turnedMs = Math.round(now() - turnedAt)
      return {
        state: state(),
        unit,
        live: turnedMs <= staleAfter,
        ready: reached === 'yes' && !stopping,
        turnedMs,
        lastError,
      }
    },
  }
}
