import { allOf, DEFAULT_SEEN_EVERY, type Gate, type GateContext, type GateState, unitName } from '@phasegate/core'
import { answer } from './answer.js'
import { answerOf, concernedApplications, type Said } from './application-answer.js'
import { describeInstance, instancesOnOld } from './instances-on-old.js'
import { standingApprovals } from './standing-approvals.js'
import { uncoveredSessions } from './uncovered-sessions.js'

const name = 'noInstanceUsesOld'

/**
 * Opens when nothing that is connected to the database uses the migration's old shape any more:
 *
 * - no live instance of an application concerned runs a build that does not know the migration or says `old` or `both`;
 * - every application concerned reports, and its quiet time (`seenEvery`) has passed since the last such build was seen and
 *   since it began to report;
 * - every session in the database belongs to a live instance, to an application that is named with its roles, or to a role
 *   that is ignored.
 *
 * What cannot be proven is `unknown`, which a standing approval of the unit opens; a live instance on the old shape, or
 * quiet time that is left, it does not.
 */
export function noInstanceUsesOld(): Gate {
  return { name, cost: 1, check }
}

async function check(context: GateContext) {
  const required = 'no instance, session or silent application that may use the old shape'
  const live = await context.liveInstances()
  const old = instancesOnOld(context, live)
  if (old.length > 0) {
    const observed = `${old.length} of ${live.length} live instances`
    const named = old.slice(0, 5).map(describeInstance).join(', ')
    const more = old.length > 5 ? ` and ${old.length - 5} more` : ''
    const reason = `live instances use the old shape of ${context.migration.name}: ${named}${more}`
    return answer(context, name, 'closed', reason, { observed, required })
  }
  const observed = `${live.length} live instances, none on the old shape`
  const seen = { observed, required, expiresAt: inFuture(context, DEFAULT_SEEN_EVERY) }
  const { clients } = context
  if (clients === undefined) {
    const reason = 'no live instance uses the old shape; the config names no applications, so that an approval decides'
    return answer(context, name, 'open', reason, seen)
  }
  const said: readonly Said[] = [
    ...concernedApplications(context, clients).map((application) => answerOf(context, application)),
    ...uncoveredSessions(context, clients, live, await context.clientSessions()),
  ]
  const state = allOf(said.map((one) => one.state))
  const reason = reasonOf(said, state)
  return state === 'unknown' ? approved(context, reason, seen) : answer(context, name, state, reason, seen)
}

/** What holds, or what was seen where nothing does. */
function reasonOf(said: readonly Said[], state: GateState): string {
  const telling = said.filter((one) => (state === 'open' ? true : one.state !== 'open'))
  return telling.map((one) => one.reason).join('; ')
}

function approved(
  context: GateContext,
  reason: string,
  seen: { readonly observed: string; readonly required: string; readonly expiresAt: string },
) {
  const [approval] = standingApprovals(context.snapshot, context.unit)
  if (approval === undefined) {
    const next = `phasegate approve ${unitName(context.unit.id)} --reason …`
    return answer(context, name, 'unknown', `${reason}; what is not proven an approval opens: ${next}`, seen)
  }
  const { record, approver, expires } = approval
  const expiresAt =
    expires === undefined ? seen.expiresAt : new Date(Math.min(expires, Date.parse(seen.expiresAt))).toISOString()
  const by = `approved by ${record.actor.by} (${approver}): ${record.reason}`
  return answer(context, name, 'open', `${by}; not proven: ${reason}`, { ...seen, expiresAt })
}

function inFuture({ snapshot }: GateContext, ms: number): string {
  return new Date(Date.parse(snapshot.now) + ms).toISOString()
}
