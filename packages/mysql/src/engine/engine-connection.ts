import { type EngineConnection, trustedAuthorities } from '@phasegate/core'
import type { ConnectionOptions, SslOptions } from 'mysql2/promise'

/**
 * How a tool reaches the database that our sessions are on. What verifies the authority alone (`verify-ca`) verifies the name
 * as well here: the tools have no way in between, and never less is asked for than was configured.
 *
 * @param database as the server calls it
 */
export async function engineConnection(settings: ConnectionOptions, database: string): Promise<EngineConnection> {
  const { ssl } = settings
  return {
    host: settings.host ?? 'localhost',
    port: Number(settings.port ?? 3306),
    ...(settings.socketPath === undefined ? {} : { socket: settings.socketPath }),
    user: settings.user ?? '',
    password: settings.password ?? '',
    database,
    ...(ssl === undefined ? {} : { tls: await tlsOf(typeof ssl === 'string' ? {} : ssl) }),
  }
}

/** An authority that our own sessions do not ask for is not given to the tool either, which would. */
async function tlsOf(ssl: SslOptions): Promise<NonNullable<EngineConnection['tls']>> {
  const cert = pem(ssl.cert)
  const key = pem(ssl.key)
  const own = { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) }
  if (ssl.rejectUnauthorized === false) return { mode: 'encrypt', ...own }
  return { mode: 'verify', ca: pem(ssl.ca) ?? (await trustedAuthorities()), ...own }
}

/** Several certificates are one after the other in a file. */
function pem(given: unknown): string | undefined {
  if (given === undefined) return undefined
  return (Array.isArray(given) ? given : [given]).map(String).join('\n')
}
