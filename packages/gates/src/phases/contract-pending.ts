import { findUnit, type Gate, unitName } from '@phasegate/core'
import { answer } from '../answer.js'

const name = 'contractPending'

/** Opens a revert while the contract of the migration has not begun, or the migration has none. */
export function contractPending(): Gate {
  return {
    name,
    cost: 0,
    check: async (context) => {
      const { migration, snapshot } = context
      const record = findUnit(snapshot, migration.name, 'contract')
      const unit = unitName({ migration: migration.name, phase: 'contract' })
      const state = record?.state ?? 'pending'
      const seen = { observed: state, required: 'pending' }
      if (record?.pointOfNoReturn === true) {
        const destroyed = record.detail.destroyed
        const what = Array.isArray(destroyed) && destroyed.length > 0 ? `: ${destroyed.join(', ')} is gone` : ''
        return answer(context, name, 'closed', `${unit} is past its point of no return${what}`, seen)
      }
      if (state === 'pending') return answer(context, name, 'open', `${unit} has not begun`, seen)
      return answer(context, name, 'closed', `${unit} is ${state}; an expand is undone only before its contract`, seen)
    },
  }
}
