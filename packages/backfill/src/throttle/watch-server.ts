import type { ThrottleSettings } from '@phasegate/core'
import type { BackfillSettings } from '../options.js'
import { chooseSignals } from './choose-signals.js'
import { type Collector, startCollector } from './collector.js'

const EVERY_MS = 1000

/** Begins to look at what the configuration and the migration say is to be looked at; undefined where that is nothing. */
export function watchServer(settings: BackfillSettings): Collector | undefined {
  const { target, unit, backfill, clock, emit } = settings
  const throttle = merged(settings.pace.throttle, backfill.throttle)
  if (throttle === false) return undefined
  const { standbys, replicas } = throttle
  const { watched, unknown } = chooseSignals(throttle, target.backfill.signals({ unit, backfill, standbys, replicas }))
  const onUnseen = (signal: string, reason: string): void => emit({ type: 'backfill.unseen', unit, signal, reason })
  for (const name of unknown) onUnseen(name, `${target.dialect} has no such signal`)
  if (watched.length === 0) return undefined
  return startCollector({
    signals: watched,
    openSession: () => target.openSession('throttle'),
    clock,
    everyMs: throttle.every ?? EVERY_MS,
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
