import type { Clients, Gate, GateContext, Phase } from '@phasegate/core'
import { approval } from './approval/approval.js'
import { appUsesNew } from './instances/app-uses-new.js'
import { noBuildRequires } from './instances/no-build-requires.js'
import { noInstanceUsesOld } from './instances/no-instance-uses-old.js'
import { writersKnowBoth } from './instances/writers-know-both.js'
import { backfillApplied } from './phases/backfill-applied.js'
import { backfillVerified } from './phases/backfill-verified.js'
import { contractPending } from './phases/contract-pending.js'
import { expandApplied } from './phases/expand-applied.js'

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
