import { type Gate, unitName } from '@phasegate/core'
import { answer } from '../answer.js'
import { standingApprovals } from '../approval/standing-approvals.js'
import { declaredUses, describeUse } from './declared-uses.js'

const name = 'appUsesNew'

/**
 * Opens when the file that contract runs from says `appUses: 'new'` for every application concerned. An SQL file may say
 * nothing at all; then only an approval opens it.
 */
export function appUsesNew(): Gate {
  return {
    name,
    cost: 0,
    check: async (context) => {
      const uses = declaredUses(context.migration)
      const required = "'new' for every application"
      const holding = uses.filter((use) => use.uses !== 'new')
      if (holding.length === 0) return answer(context, name, 'open', "the file says appUses 'new'", { required })
      const observed = holding.map(describeUse).join(', ')
      if (context.migration.appUses !== undefined) {
        const reason = `${observed} in ${context.migration.file}; deploy code that uses only the new shape and say 'new'`
        return answer(context, name, 'closed', reason, { observed, required })
      }
      const [approved] = standingApprovals(context.snapshot, context.unit)
      if (approved === undefined) {
        const reason = `${context.migration.file} has no app-uses line, so that only an approval opens its contract; phasegate approve ${unitName(context.unit.id)} --reason …`
        return answer(context, name, 'closed', reason, { observed, required })
      }
      const expiresAt = approved.expires === undefined ? undefined : new Date(approved.expires).toISOString()
      const reason = `undeclared, but approved by ${approved.record.actor.by} (${approved.approver}): ${approved.record.reason}`
      return answer(context, name, 'open', reason, { observed, required, expiresAt })
    },
  }
}
