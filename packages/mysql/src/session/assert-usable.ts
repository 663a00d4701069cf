import { EXIT, PhasegateError } from '@phasegate/core'
import { isAtLeast, type MysqlServer } from '../server/mysql-server.js'
import { quoteName } from '../sql/account.js'
import { grantedOn } from './granted-privileges.js'
import { SESSION_LOCK } from './lane-lock.js'
import { grantText } from './missing-privilege.js'
import type { MysqlSession } from './mysql-session.js'
import type { Address } from './translate-error.js'

const OLDEST: Readonly<Record<MysqlServer['flavour'], readonly [number, number, number]>> = {
  mysql: [8, 0, 0],
  mariadb: [10, 6, 0],
}

/** What the journal cannot do without; what only some steps need the server asks for when they run (`doctor` says it). */
const JOURNAL_NEEDS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'ALTER']

/**
 * Refuses what cannot work, before anything is created: an old server, a read-only one, Galera, a binary log that cannot
 * take our transactions, a proxy that gives our statements to several sessions, an account that may not create the journal.
 * `openSecond` opens another connection the same way.
 *
 * @throws `DATABASE.VERSION`, `DATABASE.READ_ONLY`, `DATABASE.GALERA`, `DATABASE.BINLOG_FORMAT`, `DATABASE.POOLER`,
 *   `DATABASE.PERMISSION`
 */
export async function assertUsable(
  session: MysqlSession,
  openSecond: () => Promise<MysqlSession>,
  address: Address,
): Promise<void> {
  if (!isAtLeast(session.server, ...OLDEST[session.server.flavour]) || /tidb|vitess/i.test(session.serverVersion))
    throw tooOld(session.serverVersion)
  // SHOW, since a server refuses a name that it does not know everywhere else.
  const rows = await session.query<{ Variable_name: string; Value: string }>(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'innodb_read_only', 'wsrep_on',
       'wsrep_provider', 'log_bin', 'binlog_format')`,
  )
  const settings = new Map(rows.map((row) => [row.Variable_name.toLowerCase(), row.Value]))
  const readOnly = ['read_only', 'super_read_only', 'innodb_read_only'].find((name) => settings.get(name) === 'ON')
  if (readOnly !== undefined) throw isReadOnly(address, readOnly)
  if (settings.get('wsrep_on') === 'ON' || !['none', ''].includes(settings.get('wsrep_provider') ?? '')) throw galera()
  if (settings.get('log_bin') === 'ON' && settings.get('binlog_format') === 'STATEMENT') throw binlogFormat()
  await assertNoMultiplexing(session, openSecond)
  await assertMayCreate(session, address)
}

/**
 * A lock that our session took at its start is held by the id that it says it has, statement after statement. Where one of
 * the ids differs (a proxy made it up), a second connection is opened: with statements of several clients on one server
 * session, or ours on several, the locks change under us.
 */
export async function assertNoMultiplexing(
  session: MysqlSession,
  openSecond: () => Promise<MysqlSession>,
): Promise<void> {
  const holds = async ({ backend, query }: MysqlSession): Promise<boolean> => {
    const [row] = await query<{ id: string | number; holder: string | number | null }>(
      `SELECT CONNECTION_ID() AS id, IS_USED_LOCK(${SESSION_LOCK}) AS holder`,
      [backend.startedAt],
    )
    return row !== undefined && String(row.id) === backend.id && String(row.holder) === backend.id
  }
  if (!(await holds(session))) throw multiplexing()
  // The login has room for 32 bits of it.
  if (BigInt.asUintN(32, BigInt(session.backend.id)) === BigInt(session.loginBackendId)) return
  const second = await openSecond()
  try {
    if (second.backend.id === session.backend.id) throw multiplexing()
    for (let round = 0; round < 5; round++) {
      if (!(await holds(second)) || !(await holds(session))) throw multiplexing()
    }
  } finally {
    await second.close()
  }
}

async function assertMayCreate(session: MysqlSession, address: Address): Promise<void> {
  const granted = await grantedOn(session, session.database)
  if (granted === undefined) return
  const missing = JOURNAL_NEEDS.filter((privilege) => !granted.has(privilege))
  if (missing.length === 0) return
  // Where it is there already, rights on its tables alone may do.
  const journal = await session.query(
    `SELECT 1 AS there FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'phasegate_unit'`,
  )
  if (journal.length === 0) throw mayNotCreate(address, missing)
}

function tooOld(version: string): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.VERSION',
    message: `The server ${version} is not one that Phasegate supports (MySQL 8.0 to 9.x, MariaDB 10.6 to 11.x).`,
    next: ['Upgrade the server.'],
    exit: EXIT.usage,
  })
}

function isReadOnly(address: Address, setting: string): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.READ_ONLY',
    message: `The database ${address.database} on ${address.host}:${address.port} is read-only.`,
    why: `${setting} is ON: a replica, or a server under maintenance.`,
    next: ['Point the database URL at the primary.'],
    exit: EXIT.usage,
  })
}

function galera(): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.GALERA',
    message: 'The server is a node of a Galera cluster, which Phasegate does not support.',
    why: 'GET_LOCK is local to one node, so that a lock would guard nothing, and DDL stops the whole cluster.',
    next: ["Use the cluster's own procedure for schema changes (rolling schema upgrade)."],
    exit: EXIT.usage,
  })
}

function binlogFormat(): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.BINLOG_FORMAT',
    message: 'The server writes its binary log by statement (binlog_format = STATEMENT).',
    why: 'Phasegate works in READ COMMITTED, so that it locks no gaps, and InnoDB refuses to write then (error 1665).',
    next: ['SET GLOBAL binlog_format = ROW; (or MIXED), for new sessions of all clients.'],
    exit: EXIT.usage,
  })
}

function mayNotCreate(address: Address, missing: readonly string[]): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.PERMISSION',
    message: `The account ${address.account ?? address.user} may not keep the journal in ${address.database}: it lacks ${missing.join(', ')}.`,
    next: [
      grantText(missing, `${quoteName(address.database)}.*`, address),
      'or run with the account that owns the database.',
    ],
    exit: EXIT.usage,
  })
}

function multiplexing(): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.POOLER',
    message: 'There is a proxy between Phasegate and the database that shares server sessions among its clients.',
    why: 'The server session changes under us, so a lock taken on it would guard nothing.',
    next: ['Give Phasegate a direct database URL, or one without multiplexing (ProxySQL: multiplex = 0 for its rule).'],
    exit: EXIT.usage,
  })
}
