import { EXIT, type Gate, PhasegateError, unitName } from '@phasegate/core'
import { answer } from '../answer.js'
import { describeDuration, parseDuration } from '../duration.js'
import { approvalsOf, differentPeople, standingApprovals } from './standing-approvals.js'

export interface ApprovalOptions {
  /** How many different approvers it takes; default 1. */
  readonly count?: number
  /** How long an approval counts: `7d`; default until it is revoked or its own expiry. */
  readonly expires?: string
}

/**
 * Opens when people said yes: `phasegate approve <unit> --reason …`. An approval holds for the unit's current
 * fingerprint only. Two are two when they came through different tokens, CI actors or database roles, whatever names
 * were given; through ways that cannot be compared (a token and a CI actor) they may be one person, and count once.
 *
 * @throws `GATE.COUNT`, `GATE.DURATION`
 * @example
 * gates: { contract: [approval({ count: 2, expires: '7d' })] }
 */
export function approval({ count = 1, expires }: ApprovalOptions = {}): Gate {
  if (!Number.isInteger(count) || count < 1) throw countError(count)
  const maxAge = expires === undefined ? undefined : parseDuration(expires)
  const options = [
    ...(count === 1 && expires === undefined ? [] : [`${count}`]),
    ...(expires === undefined ? [] : [expires]),
  ]
  const name = options.length === 0 ? 'approval' : `approval(${options.join(', ')})`
  return {
    name,
    cost: 0,
    check: async (context) => {
      const { snapshot, unit } = context
      const standing = differentPeople(standingApprovals(snapshot, unit, { maxAge }))
      const seen = { observed: `${standing.length}`, required: `${count}` }
      if (standing.length < count) {
        const passed = approvalsOf(snapshot, unit, 'approval').length - standing.length
        const others =
          passed > 0
            ? `; ${passed} more do not count (revoked, expired, of another version, for one client alone or by somebody who may be the same person)`
            : ''
        const age = maxAge === undefined ? '' : ` of the last ${describeDuration(maxAge)}`
        const reason = `${standing.length} of ${count} approvals${age}${others}; phasegate approve ${unitName(unit.id)} --reason …`
        return answer(context, name, 'closed', reason, seen)
      }
      const by = standing.map(({ record, approver }) => `${record.actor.by} (${approver}): ${record.reason}`)
      const last = standing[count - 1]?.expires
      const expiresAt = last === undefined ? undefined : new Date(last).toISOString()
      return answer(context, name, 'open', `approved by ${by.join('; ')}`, { ...seen, expiresAt })
    },
  }
}

function countError(count: number): PhasegateError {
  return new PhasegateError({
    code: 'GATE.COUNT',
    message: `approval cannot ask for ${count} approvers.`,
    why: 'The count is a whole number of at least 1.',
    next: ['Write approval() for one approver or approval({ count: 2 }) for two.'],
    exit: EXIT.usage,
  })
}
