import type { Gate } from '@phasegate/core'
import { phaseApplied } from './phase-applied.js'

/** Opens when the expand of the migration is applied, or it has none. */
export function expandApplied(): Gate {
  return phaseApplied('expandApplied', 'expand')
}
