import type { Clients, Gate, GateContext, Phase } from '@phasegate/core'
import { appUsesNew } from './app-uses-new.js'
import { approval } from './approval.js'
import { backfillApplied } from './backfill-applied.js'
import { backfillVerified } from './backfill-verified.js'
import { contractPending } from './contract-pending.js'
import { expandApplied } from './expand-applied.js'
import { noBuildRequires } from './no-build-requires.js'
import { noInstanceUsesOld } from './no-instance-uses-old.js'
import { writersKnowBoth } from './writers-know-both.js'

/**
 * The gates that every unit has without being configured. Expand has none: the safety check refuses before it starts.
 * Contract goes by what the clients of the database report; where the configuration does not name them nobody knows them
 * all, and an approval decides.
 */
export function defaultGates(phase: Phase, action: GateContext['action'], clients?: Clients): readonly Gate[] {
  if (action === 'revert') return [contractPending(), noBuildRequires()]
  if (phase === 'backfill') return [expandApplied(), writersKnowBoth()]
  if (phase !== 'contract') return []
  const decides = clients === undefined ? [approval()] : []
  return [expandApplied(), backfillApplied(), appUsesNew(), ...decides, noInstanceUsesOld(), backfillVerified()]
}
