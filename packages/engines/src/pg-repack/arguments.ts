import type { EngineConnection, EngineTable } from '@phasegate/core'
import type { Tool } from '../engine.js'
import type { RunFiles } from '../run-files.js'
import { OWNER_MAY } from './probe.js'

/** Names of the files of a run. */
export const FILES = { password: 'pgpass', ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' } as const

/**
 * Seconds that it tries to get its lock on the table before it gives up. Each try waits for a second at most, and so keeps
 * others waiting for no longer (bin/pg_repack.c, `lock_exclusive`).
 */
const WAIT_SECONDS = 60
/** ms to connect are the driver's; these are seconds. */
const CONNECT_SECONDS = 10

/** Nothing secret is in it, nor where it connects: that is in the environment, which no version puts together by itself. */
export function repackArguments(
  table: Pick<EngineTable, 'schema' | 'name'>,
  { features }: Pick<Tool, 'features'>,
  extra: readonly string[],
): readonly string[] {
  return [
    `--table=${quoted(table.schema)}.${quoted(table.name)}`,
    // Else it cancels, then ends every session that is in its way.
    '--no-kill-backend',
    // It takes each option once.
    ...(extra.some((argument) => /^(-T|--wait-timeout)/.test(argument)) ? [] : [`--wait-timeout=${WAIT_SECONDS}`]),
    '--no-password',
    ...(features.has(OWNER_MAY) ? ['--no-superuser-check'] : []),
    ...extra,
  ]
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** What a person may add: how it goes about it, not what it does. Each with the letter that it also has. */
const OPEN = ['wait-timeout', 'jobs', 'order-by', 'no-order', 'no-analyze', 'apply-count', 'switch-threshold']
const OPEN_LETTERS = ['T', 'j', 'o', 'n', 'Z']

/** Of arguments that a person adds, those that may not be. */
export function takenArguments(extra: readonly string[]): readonly string[] {
  return extra.filter((argument) => {
    const [, long, letter] = /^(?:--([^=]+)|-([^-]))/.exec(argument) ?? []
    if (long !== undefined) return !OPEN.includes(long)
    return letter !== undefined && !OPEN_LETTERS.includes(letter)
  })
}

/**
 * How libpq reaches the server (PostgreSQL docs: libpq, Environment Variables). It holds the path of the password, not the
 * password.
 *
 * @param cutOff settings that would end a session of this account while it works
 */
export function repackEnvironment(
  connection: EngineConnection,
  files: Pick<RunFiles, 'path'>,
  cutOff: readonly string[],
): Readonly<Record<string, string>> {
  const { host, port, socket, user, database, password, tls } = connection
  const passwords = password === '' ? process.env.PGPASSFILE : files.path(FILES.password)
  return {
    PGHOST: socket ?? host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    PGCONNECT_TIMEOUT: String(CONNECT_SECONDS),
    ...(passwords === undefined ? {} : { PGPASSFILE: passwords }),
    // Only where there are some: a pooler may refuse it.
    ...(cutOff.length === 0 ? {} : { PGOPTIONS: cutOff.map((name) => `-c ${name}=0`).join(' ') }),
    PGSSLMODE: tls === undefined ? 'disable' : tls.mode === 'encrypt' ? 'require' : 'verify-full',
    ...(tls?.ca === undefined ? {} : { PGSSLROOTCERT: files.path(FILES.ca) }),
    ...(tls?.cert === undefined ? {} : { PGSSLCERT: files.path(FILES.cert) }),
    ...(tls?.key === undefined ? {} : { PGSSLKEY: files.path(FILES.key) }),
  }
}

/** For any server, as the tool gets only this one (PostgreSQL docs: libpq, The Password File). */
export function passwordFile({ password }: Pick<EngineConnection, 'password'>): string {
  return `*:*:*:*:${password.replaceAll(/[\\:]/g, '\\$&')}\n`
}

/** Why it could not connect with these, each with the way out. Never the password. */
export function connectionProblems({ password, database }: EngineConnection): readonly string[] {
  return [
    ...(/[\r\n\0]/.test(password)
      ? [
          'pg_repack cannot be given a password of more than one line: give the role that Phasegate connects as another one.',
        ]
      : []),
    // Up to 1.4 it writes the name into a connection string as it stands (bin/pgut/pgut-fe.c).
    ...(/[\s'"\\=:/]/.test(database)
      ? [
          `pg_repack cannot be given a database called ${JSON.stringify(database)}: rename it, or repack with VACUUM FULL in a quiet hour.`,
        ]
      : []),
  ]
}
