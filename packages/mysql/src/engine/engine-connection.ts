import type { EngineConnection } from '@phasegate/core'
import type { ConnectionOptions, SslOptions } from 'mysql2/promise'

/**
 * How a tool reaches the database that our sessions are on. What verifies the authority alone (`verify-ca`) verifies the name
 * as well here: the tools have no way in between, and never less is asked for than was configured.
 *
 * @param database as the server calls it
 */
export function engineConnection(settings: ConnectionOptions, database: string): EngineConnection {
  const { ssl } = settings
  return {
    host: settings.host ?? 'localhost',
    port: Number(settings.port ?? 3306),
    ...(settings.socketPath === undefined ? {} : { socket: settings.socketPath }),
    user: settings.user ?? '',
    password: settings.password ?? '',
    database,
    ...(ssl === undefined ? {} : { tls: tlsOf(typeof ssl === 'string' ? {} : ssl) }),
  }
}

function tlsOf(ssl: SslOptions): NonNullable<EngineConnection['tls']> {
  const ca = pem(ssl.ca)
  const cert = pem(ssl.cert)
  const key = pem(ssl.key)
  return {
    mode: ssl.rejectUnauthorized === false ? 'encrypt' : 'verify',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}

/** Several certificates are one after the other in a file. */
function pem(given: unknown): string | undefined {
  if (given === undefined) return undefined
  return (Array.isArray(given) ? given : [given]).map(String).join('\n')
}
