import {
  type CompiledBackfill,
  findUnit,
  type Gate,
  type GateContext,
  isDrift,
  proofOf,
  readQuarantine,
  unitName,
} from '@phasegate/core'
import { answer } from '../answer.js'

const name = 'backfillVerified'

/**
 * Opens when the backfill's verification is recorded (`detail.verified` of its unit), and a fresh look finds no
 * row that lacks a value. It reads tables, so it is asked last. A migration without backfill has nothing to verify.
 */
export function backfillVerified(): Gate {
  return {
    name,
    cost: 2,
    // It may have to read the whole table.
    timeout: 24 * 3_600_000,
    check: async (context) => {
      const unit = context.migration.units.backfill
      if (unit?.backfill === undefined) return answer(context, name, 'open', 'the migration has no backfill')
      const held = recordedProblem(context)
      if (held !== undefined) return answer(context, name, 'closed', held)
      if (proofOf(unit.backfill) === 'ranges whole') {
        const proof = 'its ranges are whole; the result cannot be compared afterwards, so that is the only proof'
        return answer(context, name, 'open', proof)
      }
      const { mismatches, sampleKeys } = await context.verifyBackfill()
      const seen = { observed: `${mismatches} missing`, required: '0 missing' }
      if (mismatches !== 0) {
        const keys = sampleKeys.length === 0 ? '' : `, for example ${sampleKeys.slice(0, 5).join(', ')}`
        const reason = `${mismatches} rows of ${unit.backfill.table.name} ${fault(unit.backfill)}${keys}`
        return answer(context, name, 'closed', reason, seen)
      }
      return answer(context, name, 'open', `looked at just now: no rows ${fault(unit.backfill)}`, seen)
    },
  }
}

/** What is wrong with a row that counts against the backfill. */
function fault(backfill: CompiledBackfill): string {
  switch (proofOf(backfill)) {
    case 'copies':
      return 'have no row in the table that the backfill fills'
    case 'none selected':
      return backfill.form?.kind === 'map'
        ? 'are there that the backfill should have changed'
        : 'are there that the backfill should have removed'
    default:
      return 'lack a value that the backfill should have left'
  }
}

/** Why the recorded verification does not count, or undefined. */
function recordedProblem({ migration, snapshot }: GateContext): string | undefined {
  const unit = migration.units.backfill
  if (unit === undefined) return undefined
  const record = findUnit(snapshot, migration.name, 'backfill')
  if (record?.state !== 'applied') return `${unitName(unit.id)} is ${record?.state ?? 'pending'}, not applied`
  if (isDrift(record.fingerprint, unit.fingerprint))
    return `${unitName(unit.id)} was verified for another version of the file`
  const quarantined = readQuarantine(record)
  if (quarantined !== undefined) {
    const keys = quarantined.sampleKeys.slice(0, 5).join(', ')
    return `${quarantined.rows} rows could not be changed and are in quarantine, for example ${keys}; correct them, then: phasegate backfill ${migration.name}`
  }
  const verified = record.detail.verified
  if (verified === true) return undefined
  if (typeof verified !== 'object' || verified === null) return `no verification of ${unitName(unit.id)} is recorded`
  if ('mismatches' in verified && verified.mismatches !== 0) {
    return `the recorded verification of ${unitName(unit.id)} found ${String(verified.mismatches)} mismatches`
  }
  if ('expiresAt' in verified && typeof verified.expiresAt === 'string') {
    const live = Date.parse(verified.expiresAt) > Date.parse(snapshot.now)
    if (!live) return `the recorded verification of ${unitName(unit.id)} expired at ${verified.expiresAt}`
  }
  return undefined
}
