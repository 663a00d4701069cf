import {
  type ApprovedClient,
  type Clients,
  type CompiledMigration,
  EXIT,
  nearestName,
  PhasegateError,
  type UnitId,
  unitName,
} from '@phasegate/core'
import type { ClientOptions, Decision } from './decide.js'

/** The client that a decision is for; undefined: the whole unit. Throws `APPROVAL.CLIENT` where it is for two, or for nobody. */
export function readClient({ application, role }: ClientOptions): ApprovedClient | undefined {
  if (application !== undefined && role !== undefined)
    throw clientError('An approval is for one application or for one role.', ['Approve twice, once for each.'])
  if (application === '' || role === '') throw clientError('The approval is for a client without a name.')
  if (application !== undefined) return `application ${application}`
  return role === undefined ? undefined : `role ${role}`
}

/** Throws `APPROVAL.CLIENT` where no gate of the unit asks about this client, so that the approval would open nothing. */
export function assertAsked(
  client: ApprovedClient,
  unit: UnitId,
  clients: Clients | undefined,
  migration: CompiledMigration,
): void {
  if (unit.phase !== 'contract')
    throw clientError(`${unitName(unit)} asks nothing of clients; only a contract does.`, [
      `phasegate approve ${migration.name}:contract --${client} --reason …`,
    ])
  if (clients === undefined)
    throw clientError('The configuration names no applications, so that an approval decides for the whole unit.', [
      `phasegate approve ${unitName(unit)} --reason …`,
      'Or name every client of the database: applications: { api: {}, billing: { reports: false } }',
    ])
  if (client.startsWith('role ')) return
  const name = client.slice('application '.length)
  const known = clients.applications.map((one) => one.name)
  if (!known.includes(name)) {
    const meant = nearestName(name, known)
    throw clientError(`The configuration names no application '${name}'.`, [
      meant === undefined ? `It names ${known.join(', ')}.` : `Did you mean '${meant}'?`,
    ])
  }
  if (migration.applications?.includes(name) === false)
    throw clientError(`${migration.name} does not concern ${name}: it names ${migration.applications.join(', ')}.`)
}

/** ` for application billing`, for messages. */
export function forClient({ client }: Decision): string {
  return client === undefined ? '' : ` for ${client}`
}

function clientError(message: string, next: readonly string[] = []): PhasegateError {
  return new PhasegateError({
    code: 'APPROVAL.CLIENT',
    message,
    why: 'An approval for one client opens what the gates do not know of that one, and would open nothing here.',
    next: [...next, 'phasegate gate <unit> says what is not known, and of whom.'],
    exit: EXIT.usage,
  })
}
