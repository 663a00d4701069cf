import type { Gate, GateContext, Phase } from '@phasegate/core'
import { appUsesNew } from './app-uses-new.js'
import { approval } from './approval.js'
import { backfillApplied } from './backfill-applied.js'
import { backfillVerified } from './backfill-verified.js'
import { contractPending } from './contract-pending.js'
import { expandApplied } from './expand-applied.js'
import { noBuildRequires } from './no-build-requires.js'
import { writersKnowBoth } from './writers-know-both.js'

/**
 * The gates that every unit has without being configured. Expand has none: the safety check refuses before it starts.
 * Contract needs an approval as long as no instance reports what it uses.
 */
export function defaultGates(phase: Phase, action: GateContext['action']): readonly Gate[] {
  if (action === 'revert') return [contractPending(), noBuildRequires()]
  if (phase === 'backfill') return [expandApplied(), writersKnowBoth()]
  if (phase === 'contract') return [expandApplied(), backfillApplied(), appUsesNew(), approval(), backfillVerified()]
  return []
}
