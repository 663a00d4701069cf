import { EXIT, PhasegateError } from '@phasegate/core'
import type { PostgresSession } from './postgres-session.js'
import type { Address } from './translate-error.js'

const OLDEST = 14

/**
 * Refuses what cannot work, before anything is created: an old server, a standby, a pooler in transaction mode, a role
 * that may not create. `openSecond` opens another connection the same way.
 */
export async function assertUsable(
  session: PostgresSession,
  openSecond: () => Promise<PostgresSession>,
  address: Address,
): Promise<void> {
  const [row] = await session.query<{
    version: string
    standby: boolean
    readonly: string
    create: boolean
    journal: boolean
  }>(
    `SELECT current_setting('server_version_num') AS version, pg_is_in_recovery() AS standby,
            current_setting('default_transaction_read_only') AS readonly,
            has_database_privilege(current_database(), 'CREATE') AS create,
            to_regnamespace('phasegate') IS NOT NULL AS journal`,
  )
  if (row === undefined) throw new Error('the server answered a one-row query with no row')
  const major = Math.floor(Number(row.version) / 10_000)
  if (major < OLDEST) throw tooOld(major)
  if (row.standby || row.readonly === 'on') throw readOnly(address, row.standby)
  if (!row.create && !row.journal) throw mayNotCreate(address)
  await assertNoTransactionPooler(session, openSecond)
}

/**
 * A pooler answers the login with a backend id of its own invention. Only then is a second connection opened: in
 * transaction mode two clients that are idle share one backend, or ours changes under us; in session mode neither happens.
 */
export async function assertNoTransactionPooler(
  session: PostgresSession,
  openSecond: () => Promise<PostgresSession>,
): Promise<void> {
  const pid = async (of: PostgresSession): Promise<string | undefined> =>
    (await of.query<{ pid: string }>('SELECT pg_backend_pid()::text AS pid'))[0]?.pid
  const first = await pid(session)
  if (first === String(session.loginBackendId)) return
  const second = await openSecond()
  try {
    for (let round = 0; round < 5; round++) {
      const theirs = await pid(second)
      const ours = await pid(session)
      if (theirs === ours || ours !== first) throw transactionPooler()
    }
  } finally {
    await second.close()
  }
}

function tooOld(major: number): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.VERSION',
    message: `PostgreSQL ${major} is older than what Phasegate supports (${OLDEST} to 18).`,
    next: ['Upgrade the server.'],
    exit: EXIT.usage,
  })
}

function readOnly(address: Address, standby: boolean): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.READ_ONLY',
    message: `The database ${address.database} on ${address.host}:${address.port} is read-only.`,
    why: standby ? 'The server is a standby (pg_is_in_recovery).' : 'default_transaction_read_only is on.',
    next: ['Point the database URL at the primary (several hosts: target_session_attrs=read-write).'],
    exit: EXIT.usage,
  })
}

function mayNotCreate(address: Address): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.PERMISSION',
    message: `Role ${address.user} may not create the journal's schema in ${address.database}.`,
    next: [
      `GRANT CREATE ON DATABASE "${address.database}" TO "${address.user}";`,
      'or run with the role that owns the database.',
    ],
    exit: EXIT.usage,
  })
}

function transactionPooler(): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.POOLER',
    message: 'There is a connection pooler in transaction mode between Phasegate and the database.',
    why: 'The server session changes under us, so a lock taken on it would guard nothing.',
    next: ['Give Phasegate a direct database URL, or a pool in session mode (PgBouncer: pool_mode = session).'],
    exit: EXIT.usage,
  })
}
