import type { ClientSessions, ClientSessionsSeen, Session } from '@phasegate/core'
import { grantedOn } from './granted-privileges.js'
import { applicationNames } from './list-sessions.js'
import { readProcesses } from './processes.js'

/** Not a client's. */
const OF_THE_SERVER = ['system user', 'event_scheduler']

/**
 * Clients whose current database is this one. Sessions of Phasegate are known by what they call themselves where the server
 * keeps that (performance_schema), and those of this process by their ids.
 *
 * @param ours ids of the sessions of this process
 */
export async function clientSessions(session: Session, ours: ReadonlySet<string>): Promise<ClientSessionsSeen> {
  const [here] = await session.query<{ name: string | null }>('SELECT DATABASE() AS name')
  const processes = (await readProcesses(session)).filter(
    ({ db, user }) => db !== null && db === here?.name && !OF_THE_SERVER.includes(user),
  )
  // No database has this name, so that only what is granted on all of them is found.
  const granted = await grantedOn(session, '')
  const names = await applicationNames(
    session,
    processes.map(({ id }) => id),
  )
  const groups = new Map<string, ClientSessions>()
  for (const { id, user, host } of processes) {
    const name = names.get(id) ?? ''
    if (ours.has(id) || name.startsWith('phasegate/')) continue
    const client = withoutPort(host)
    const key = JSON.stringify([user, client, name])
    groups.set(key, { role: user, client, name, count: (groups.get(key)?.count ?? 0) + 1 })
  }
  const seesAll = granted?.has('PROCESS') === true || granted?.has('ALL PRIVILEGES') === true
  return {
    sessions: [...groups.values()],
    hidden: seesAll
      ? null
      : 'sessions of other accounts, which takes: GRANT PROCESS ON *.* TO the account of Phasegate',
  }
}

/** Over a socket it is `localhost`; an address comes with the port of this one session. */
function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '')
}
