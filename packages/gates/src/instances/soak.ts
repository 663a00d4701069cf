import { findUnit, type Gate, type GateContext, type Phase, unitName } from '@phasegate/core'
import { answer } from '../answer.js'
import { describeDuration, parseDuration } from '../duration.js'
import { lastSeenOnOld } from './instances-on-old.js'

/**
 * Opens when the previous phase was applied that long ago, by the database's clock. The previous phase is the one before
 * it that the migration has; without one there is nothing to wait for. For a contract it counts from the moment when a build
 * that uses the old shape was seen last, where that is later: until then the new shape was not alone.
 *
 * @throws `GATE.DURATION`
 * @example
 * gates: { contract: [soak('7d')] }
 */
export function soak(duration: string): Gate {
  const wait = parseDuration(duration)
  const name = `soak(${duration})`
  return {
    name,
    cost: 0,
    check: async (context) => {
      const phase = previousPhase(context)
      const required = describeDuration(wait)
      if (phase === undefined) return answer(context, name, 'open', 'the migration has no earlier phase', { required })
      const previous = unitName({ migration: context.migration.name, phase })
      const record = findUnit(context.snapshot, context.migration.name, phase)
      if (record?.state !== 'applied') {
        return answer(context, name, 'closed', `counts from the moment when ${previous} is applied`, { required })
      }
      const applied = record.finishedAt === null ? Number.NaN : Date.parse(record.finishedAt)
      const seenOld = context.unit.id.phase === 'contract' ? lastSeenOnOld(context) : undefined
      const since = seenOld === undefined ? applied : Math.max(applied, seenOld)
      const what = since === applied ? `${previous} was applied` : 'a build that uses the old shape was seen'
      const age = Date.parse(context.snapshot.now) - since
      if (Number.isNaN(age)) {
        return answer(context, name, 'unknown', `the journal does not say when ${previous} was applied`, { required })
      }
      const seen = { observed: describeDuration(Math.max(age, 0)), required }
      if (age >= wait) return answer(context, name, 'open', `${what} ${seen.observed} ago`, seen)
      const opens = new Date(since + wait).toISOString()
      const reason = `${what} ${seen.observed} ago; opens at ${opens}, in ${describeDuration(wait - age)}`
      return answer(context, name, 'closed', reason, seen)
    },
  }
}

function previousPhase({ migration, unit }: GateContext): Phase | undefined {
  const { expand, backfill } = migration.units
  if (unit.id.phase === 'contract' && backfill !== undefined) return 'backfill'
  return unit.id.phase !== 'expand' && expand !== undefined ? 'expand' : undefined
}
