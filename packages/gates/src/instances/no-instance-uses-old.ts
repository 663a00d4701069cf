import { allOf, DEFAULT_SEEN_EVERY, type Gate, type GateContext, type GateState, unitName } from '@phasegate/core'
import { answer } from '../answer.js'
import { type StandingApproval, standingApprovals } from '../approval/standing-approvals.js'
import { answerOf, concernedApplications, type Said } from './application-answer.js'
import { describeInstance, instancesOnOld } from './instances-on-old.js'
import { uncoveredSessions } from './uncovered-sessions.js'

const name = 'noInstanceUsesOld'

/** How much of one kind a reason names. */
const SHOWN = 10

interface Vouched extends Said {
  /** When the approval ends by which it is open, ms since 1970. */
  readonly expires?: number | undefined
}

/**
 * Opens when nothing that is connected to the database uses the migration's old shape any more:
 *
 * - no live instance of an application concerned runs a build that does not know the migration or says `old` or `both`;
 * - every application concerned reports, and its quiet time (`seenEvery`) has passed since the last such build was seen and
 *   since it began to report;
 * - every session in the database belongs to a live instance, to an application that is named with its roles, or to a role
 *   that is ignored.
 *
 * What cannot be proven is `unknown`, which a standing approval opens: of the whole unit all of it, of one client what is
 * not known of that one. A live instance on the old shape, or quiet time that is left, no approval opens.
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
  const said = [
    ...concernedApplications(context, clients).map((application) => answerOf(context, application)),
    ...uncoveredSessions(context, clients, live, await context.clientSessions()),
  ].map((one) => vouchedFor(context, one))
  const state = allOf(said.map((one) => one.state))
  const reason = reasonOf(said, state)
  const until = { ...seen, expiresAt: earliest(seen.expiresAt, ...said.map((one) => one.expires)) }
  return state === 'unknown' ? approved(context, said, reason, until) : answer(context, name, state, reason, until)
}

/** What is unknown of one client counts as open where somebody has approved the unit for that client. */
function vouchedFor(context: GateContext, said: Said): Vouched {
  if (said.state !== 'unknown') return said
  const [approval] = standingApprovals(context.snapshot, context.unit, { clients: said.clients })
  if (approval === undefined) return said
  const reason = `${describeApproval(approval)}; not proven: ${said.reason}`
  return { ...said, state: 'open', reason, expires: approval.expires }
}

/** `approved by Ann (token ann) for application billing: it reads a view of its own` */
function describeApproval({ record, approver }: StandingApproval): string {
  const client = record.gate === null ? '' : ` for ${record.gate}`
  return `approved by ${record.actor.by} (${approver})${client}: ${record.reason}`
}

/** What holds, or what was seen where nothing does. */
function reasonOf(said: readonly Said[], state: GateState): string {
  const telling = said.filter((one) => (state === 'open' ? true : one.state !== 'open'))
  const more = telling.length > SHOWN ? `; and ${telling.length - SHOWN} more` : ''
  return (
    telling
      .slice(0, SHOWN)
      .map((one) => one.reason)
      .join('; ') + more
  )
}

function approved(
  context: GateContext,
  said: readonly Said[],
  reason: string,
  seen: { readonly observed: string; readonly required: string; readonly expiresAt: string },
) {
  const [approval] = standingApprovals(context.snapshot, context.unit)
  if (approval === undefined) {
    const clients = said.filter((one) => one.state === 'unknown').flatMap((one) => one.clients)
    const alone = clients.length === 0 ? '' : `, of one client alone with --${clients.slice(0, SHOWN).join(' or --')}`
    const next = `phasegate approve ${unitName(context.unit.id)} --reason …${alone}`
    return answer(context, name, 'unknown', `${reason}; what is not proven an approval opens: ${next}`, seen)
  }
  const expiresAt = earliest(seen.expiresAt, approval.expires)
  return answer(context, name, 'open', `${describeApproval(approval)}; not proven: ${reason}`, { ...seen, expiresAt })
}

function earliest(iso: string, ...others: readonly (number | undefined)[]): string {
  const given = others.filter((ms) => ms !== undefined)
  return new Date(Math.min(Date.parse(iso), ...given)).toISOString()
}

function inFuture({ snapshot }: GateContext, ms: number): string {
  return new Date(Date.parse(snapshot.now) + ms).toISOString()
}
