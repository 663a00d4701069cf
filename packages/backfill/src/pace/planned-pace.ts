import {
  type CompiledBackfill,
  describeWindow,
  type PaceSettings,
  type PlannedPace,
  type Target,
  type UnitId,
} from '@phasegate/core'
import { signalsOf } from '../throttle/watch-server.js'

/**
 * The pace that a backfill would have in this process: what its migration says over what the configuration says. Asks
 * nobody anything.
 *
 * @throws `DATABASE.URL` for a replica's URL that cannot be read
 *
 * @example
 * plannedPace({ target, unit: unit.id, backfill, pace: settings.backfill.pace }).only // ['22:00-06:00 Europe/Berlin']
 */
export function plannedPace(options: {
  readonly target: Target
  readonly unit: UnitId
  readonly backfill: CompiledBackfill
  readonly pace: PaceSettings
}): PlannedPace {
  const { backfill, pace } = options
  return {
    batchTime: backfill.batchTime,
    batchSize: backfill.batchSize,
    maxRowsPerSecond: pace.maxRowsPerSecond,
    only: (backfill.only ?? pace.only).map(describeWindow),
    signals: signalsOf(options)?.watched.map(({ name, unit, limits }) => ({ name, unit, limits })) ?? [],
  }
}
