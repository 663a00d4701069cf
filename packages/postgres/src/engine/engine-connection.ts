import { type EngineConnection, trustedAuthorities } from '@phasegate/core'
import { Client, type ClientConfig } from 'pg'

/**
 * What a tool needs to reach the server that we are connected to, with the driver's own defaults (`PGHOST`, `PGSSLMODE` and
 * so on). The password is empty where the driver finds it somewhere that libpq looks too (`~/.pgpass`).
 */
export async function engineConnection(settings: ClientConfig): Promise<EngineConnection> {
  const { host, port, user = '', database = '', ssl } = new Client(settings)
  const connection = { host, port, user, database, password: await passwordOf(settings) }
  if (host.startsWith('/')) return { ...connection, socket: host }
  return ssl === false || ssl === undefined ? connection : { ...connection, tls: await tlsOf(ssl) }
}

async function passwordOf({ password }: ClientConfig): Promise<string> {
  const given = typeof password === 'function' ? await password() : password
  return given ?? process.env.PGPASSWORD ?? ''
}

async function tlsOf(
  ssl: Exclude<ClientConfig['ssl'], undefined | false>,
): Promise<NonNullable<EngineConnection['tls']>> {
  const { rejectUnauthorized, ca, cert, key } = ssl === true ? {} : ssl
  if (rejectUnauthorized === false) return { mode: 'encrypt', ...pem('cert', cert), ...pem('key', key) }
  return { mode: 'verify', ca: text(ca) ?? (await trustedAuthorities()), ...pem('cert', cert), ...pem('key', key) }
}

function pem<K extends string>(name: K, value: unknown): { readonly [key in K]?: string } {
  const found = text(value)
  return (found === undefined ? {} : { [name]: found }) as { readonly [key in K]?: string }
}

/** The driver takes a text, a buffer, or several of them. */
function text(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value)) return value.map((one) => text(one) ?? '').join('\n')
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value.toString()
  throw new Error('a certificate is given as PEM text or as a buffer')
}
