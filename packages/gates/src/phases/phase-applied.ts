import { findUnit, type Gate, isDrift, type Phase, unitName } from '@phasegate/core'
import { answer } from '../answer.js'

/** Opens when an earlier phase of the same migration is applied as its file says, or the migration has none. */
export function phaseApplied(name: string, phase: Phase): Gate {
  return {
    name,
    cost: 0,
    check: async (context) => {
      const unit = context.migration.units[phase]
      if (unit === undefined) return answer(context, name, 'open', `the migration has no ${phase}`)
      const record = findUnit(context.snapshot, unit.id.migration, phase)
      const state = record?.state ?? 'pending'
      const seen = { observed: state, required: 'applied' }
      if (state !== 'applied') {
        const next = `phasegate ${phase} ${unit.id.migration}`
        return answer(context, name, 'closed', `${unitName(unit.id)} is ${state}; ${next}`, seen)
      }
      if (record !== undefined && isDrift(record.fingerprint, unit.fingerprint)) {
        const reason = `${unitName(unit.id)} was applied, and its file changed since (drift)`
        return answer(context, name, 'closed', reason, { ...seen, observed: 'drift' })
      }
      return answer(context, name, 'open', `${unitName(unit.id)} is applied`, seen)
    },
  }
}
