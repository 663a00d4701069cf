import type { Clock, CompiledBackfill, PaceSettings, Target, ThrottleSettings, UnitId } from '@phasegate/core'
import type { BackfillSettings } from '../options.js'
import { type ChosenSignals, chooseSignals } from './choose-signals.js'
import { type Collector, startCollector } from './collector.js'

const EVERY_MS = 1000

interface Watched {
  readonly target: Target
  readonly unit: UnitId
  readonly backfill: CompiledBackfill
  readonly pace: PaceSettings
}

/** What the configuration and the migration say is to be looked at, and how often (ms); undefined where that is nothing. */
export function signalsOf({
  target,
  unit,
  backfill,
  pace,
}: Watched): (ChosenSignals & { readonly everyMs: number }) | undefined {
  const throttle = merged(pace.throttle, backfill.throttle)
  if (throttle === false) return undefined
  const { standbys, replicas } = throttle
  const server = target.backfill.signals({ unit, backfill, standbys, replicas })
  return { ...chooseSignals(throttle, server), everyMs: throttle.every ?? EVERY_MS }
}

/**
 * Knows what is to be looked at; the function that it gives begins to look.
 *
 * @throws `DATABASE.URL` for a replica's URL that cannot be read, before anything has begun
 */
export function watchServer(settings: BackfillSettings): () => Collector | undefined {
  const { target, unit, clock, emit } = settings
  const signals = signalsOf(settings)
  return () => {
    if (signals === undefined) return undefined
    const onUnseen = (signal: string, reason: string): void => emit({ type: 'backfill.unseen', unit, signal, reason })
    for (const name of signals.unknown) onUnseen(name, `${target.dialect} has no such signal`)
    if (signals.watched.length === 0) return undefined
    return startCollector({
      signals: signals.watched,
      openSession: () => target.openSession('throttle'),
      clock,
      everyMs: signals.everyMs,
      onUnseen,
    })
  }
}

/** Signals that are about batches of ours, or that an engine brings about by itself. */
const OF_BATCHES = { waiters: null, autovacuum: null } as const

export interface LoadWatch {
  readonly target: Target
  readonly table: CompiledBackfill['table']
  /** As the configuration says for backfills. */
  readonly throttle: ThrottleSettings | false
  readonly clock: Clock
  /** Told once of each signal that cannot be told. */
  readonly onUnseen: (signal: string, reason: string) => void
}

/** Looks at the server's load for the sake of who copies this table; undefined: nothing is to be looked at. */
export function watchLoad({ target, table, throttle, clock, onUnseen }: LoadWatch): Collector | undefined {
  if (throttle === false) return undefined
  const { standbys, replicas } = throttle
  // No unit has that name: what is asked by it finds nothing.
  const unit = { migration: '', phase: 'backfill' } as const
  const server = target.backfill.signals({ unit, backfill: { table }, standbys, replicas })
  const { watched } = chooseSignals({ ...throttle, signals: { ...throttle.signals, ...OF_BATCHES } }, server)
  if (watched.length === 0) return undefined
  const everyMs = throttle.every ?? EVERY_MS
  return startCollector({
    signals: watched,
    openSession: () => target.openSession('throttle'),
    clock,
    everyMs,
    onUnseen,
  })
}

/** What a migration says goes over what the configuration says, signal by signal. */
function merged(
  configured: ThrottleSettings | false,
  own: ThrottleSettings | false | undefined,
): ThrottleSettings | false {
  if (own === undefined || own === false) return own ?? configured
  if (configured === false) return own
  return { ...configured, ...own, signals: { ...configured.signals, ...own.signals } }
}
