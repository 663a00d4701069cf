import type {
  ApprovedClient,
  ClientSessions,
  ClientSessionsSeen,
  Clients,
  GateContext,
  InstanceRecord,
} from '@phasegate/core'
import type { Said } from './application-answer.js'
import { concerns } from './instances-on-old.js'

/**
 * Sessions that may be of something which does not report, by role. A session is covered by a live instance that reported as
 * the same role from the same address; behind a pooler or on one machine that may be another process than the one that holds
 * it.
 */
export function uncoveredSessions(
  context: GateContext,
  clients: Clients,
  live: readonly InstanceRecord[],
  { sessions, hidden }: ClientSessionsSeen,
): readonly Said[] {
  const covered = new Set(live.map(({ role, client }) => keyOf(role ?? '', client ?? '')))
  const uncovered = sessions.filter(
    ({ role, client }) => !answersOtherwise(context, clients, role) && !covered.has(keyOf(role, client)),
  )
  const roles = [...new Set(uncovered.map(({ role }) => role))]
  const said = roles.map((role) =>
    uncoveredOf(
      uncovered.filter((one) => one.role === role),
      [`role ${role}`, ...ownerOf(clients, role)],
    ),
  )
  if (hidden === null) return said
  return [{ state: 'unknown', reason: `Phasegate may not see ${hidden}`, clients: [] }, ...said]
}

function uncoveredOf(sessions: readonly ClientSessions[], clients: readonly ApprovedClient[]): Said {
  const shown = sessions.slice(0, 5).map(describeSessions).join(', ')
  const more = sessions.length > 5 ? ` and ${sessions.length - 5} more` : ''
  const next = 'name the role in the config: ignoredRoles, or roles of an application'
  return { state: 'unknown', reason: `sessions that no live instance covers: ${shown}${more}; ${next}`, clients }
}

/** The application that alone connects as this role; of a role that two share, nobody knows whose a session is. */
function ownerOf({ applications }: Clients, role: string): readonly ApprovedClient[] {
  const [owner, ...others] = applications.filter(({ roles }) => roles.includes(role))
  return owner === undefined || others.length > 0 ? [] : [`application ${owner.name}`]
}

/** Is it a role that is ignored, or one of an application that answers by itself or is not concerned? */
function answersOtherwise(context: GateContext, { applications, ignoredRoles }: Clients, role: string): boolean {
  if (ignoredRoles.includes(role)) return true
  const of = applications.filter(({ roles }) => roles.includes(role))
  return of.length > 0 && of.every(({ name, reports }) => !reports || !concerns(context, name))
}

function keyOf(role: string, client: string): string {
  return JSON.stringify([role, client])
}

/** `2 of app from 10.0.0.7 (psql)` */
function describeSessions({ role, client, name, count }: ClientSessions): string {
  const from = client === '' ? 'this machine' : client
  return `${count} of ${role} from ${from}${name === '' ? '' : ` (${name})`}`
}
