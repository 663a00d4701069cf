import type { Gate } from '@phasegate/core'
import { phaseApplied } from './phase-applied.js'

/** Opens when the backfill of the migration is applied, or it has none. */
export function backfillApplied(): Gate {
  return phaseApplied('backfillApplied', 'backfill')
}
