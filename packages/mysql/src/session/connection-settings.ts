import { readFileSync } from 'node:fs'
import { EXIT, PhasegateError } from '@phasegate/core'
import type { ConnectionOptions, SslOptions } from 'mysql2/promise'
import type { Address } from './translate-error.js'

/**
 * Reads a URL or mysql2 settings, without ever putting a credential into an error.
 *
 * @throws `DATABASE.URL` for what cannot be read, an unknown parameter (by name), or no database named
 *
 * @example
 * connectionSettings('mysql://app:p%40ss@db.example.com/shop?sslmode=verify-full&sslca=/etc/ca.pem')
 */
export function connectionSettings(connection: string | Readonly<Record<string, unknown>>): ConnectionOptions {
  const settings = typeof connection === 'string' ? readUrl(connection) : readSettings(connection)
  if (settings.database === undefined || settings.database === '') throw badUrl('It names no database.')
  return settings
}

function readSettings({ uri, ...rest }: Readonly<Record<string, unknown>>): ConnectionOptions {
  return typeof uri === 'string' ? { ...readUrl(uri), ...rest } : rest
}

function readUrl(text: string): ConnectionOptions {
  if (!/^(mysql|mariadb):\/\//i.test(text)) throw badUrl()
  let url: URL
  let parts: { readonly user: string; readonly password: string; readonly host: string; readonly database: string }
  try {
    url = new URL(text)
    parts = {
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      host: decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1'),
      database: decodeURIComponent(url.pathname.slice(1)),
    }
  } catch {
    // The parser's own message may quote the URL, and with it the password.
    throw badUrl()
  }
  return {
    ...(parts.user === '' ? {} : { user: parts.user }),
    ...(parts.password === '' ? {} : { password: parts.password }),
    ...hostOf(parts.host),
    port: url.port === '' ? 3306 : Number(url.port),
    database: parts.database,
    ...readParameters(url.searchParams),
  }
}

/** A host that is a path is a socket, as in libpq. */
function hostOf(host: string): ConnectionOptions {
  if (host.startsWith('/')) return { socketPath: host }
  return { host: host === '' ? 'localhost' : host }
}

const PARAMETERS = ['socketPath', 'ssl', 'sslmode', 'sslca', 'sslcert', 'sslkey'] as const
type Parameter = (typeof PARAMETERS)[number]

/** Spellings of other clients. */
const ALIASES: Readonly<Record<string, Parameter>> = {
  socketpath: 'socketPath',
  socket: 'socketPath',
  ssl: 'ssl',
  sslmode: 'sslmode',
  'ssl-mode': 'sslmode',
  sslca: 'sslca',
  'ssl-ca': 'sslca',
  sslcert: 'sslcert',
  'ssl-cert': 'sslcert',
  sslkey: 'sslkey',
  'ssl-key': 'sslkey',
}

function readParameters(given: URLSearchParams): ConnectionOptions {
  const values: Partial<Record<Parameter, string>> = {}
  for (const [name, value] of given) {
    const known = ALIASES[name.toLowerCase()]
    if (known === undefined) throw badUrl(`It has a parameter ${name}; known are ${PARAMETERS.join(', ')}.`)
    values[known] = value
  }
  const ssl = readSsl(values)
  return {
    ...(values.socketPath === undefined ? {} : { socketPath: values.socketPath }),
    ...(ssl === undefined ? {} : { ssl }),
  }
}

/** What the server's certificate must be, by libpq's and MySQL's names of it; false: no TLS. */
const MODES: Readonly<Record<string, SslOptions | false>> = {
  disable: false,
  disabled: false,
  require: { rejectUnauthorized: false },
  required: { rejectUnauthorized: false },
  'verify-ca': { rejectUnauthorized: true, verifyIdentity: false },
  verify_ca: { rejectUnauthorized: true, verifyIdentity: false },
  'verify-full': { rejectUnauthorized: true, verifyIdentity: true },
  verify_identity: { rejectUnauthorized: true, verifyIdentity: true },
}

/** `ssl=true` checks certificate and name, as everything does that is not told otherwise. */
const SWITCH: Readonly<Record<string, string>> = {
  true: 'verify-full',
  1: 'verify-full',
  false: 'disable',
  0: 'disable',
}

function readSsl(values: Partial<Record<Parameter, string>>): SslOptions | undefined {
  const files = { sslca: values.sslca, sslcert: values.sslcert, sslkey: values.sslkey }
  const anyFile = Object.values(files).some((file) => file !== undefined)
  if (values.ssl !== undefined && SWITCH[values.ssl] === undefined) throw badUrl('Its parameter ssl is true or false.')
  const mode = values.sslmode?.toLowerCase() ?? (values.ssl === undefined ? undefined : SWITCH[values.ssl])
  if (mode === undefined && !anyFile) return undefined
  const wanted = MODES[mode ?? 'verify-full']
  if (wanted === undefined)
    throw badUrl(
      'Its parameter sslmode is one of disable, require, verify-ca and verify-full: none falls back to plain text.',
    )
  if (wanted === false) return undefined
  return { ...wanted, ...fileOf('ca', files.sslca), ...fileOf('cert', files.sslcert), ...fileOf('key', files.sslkey) }
}

function fileOf(option: 'ca' | 'cert' | 'key', path: string | undefined): SslOptions {
  if (path === undefined) return {}
  try {
    return { [option]: readFileSync(path) }
  } catch {
    throw badUrl(`The file of its parameter ssl${option} cannot be read: ${path}`)
  }
}

function badUrl(why?: string): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.URL',
    message: 'The database URL cannot be read.',
    ...(why === undefined ? {} : { why }),
    next: ['Write it as mysql://user:password@host:3306/database; percent-encode special characters of the password.'],
    exit: EXIT.usage,
  })
}

/** Where these settings lead, for messages. */
export function addressOf(settings: ConnectionOptions): Address {
  return {
    user: settings.user ?? '',
    host: settings.socketPath ?? settings.host ?? 'localhost',
    port: Number(settings.port ?? 3306),
    database: settings.database ?? '',
  }
}
