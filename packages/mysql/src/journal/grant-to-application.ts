import { EXIT, PhasegateError, type Session } from '@phasegate/core'
import { type Account, hasErrorNumber, JOURNAL_TABLES, parseAccount, quoteAccount, quoteName } from '../sql/index.js'

/** ER_NONEXISTING_GRANT, ER_PASSWORD_NO_MATCH (MariaDB's GRANT to nobody), ER_CANT_CREATE_USER_WITH_GRANT (MySQL's). */
const NO_SUCH_ACCOUNT = [1141, 1133, 1410]
/** Access denied: to a database, to a table, for want of a global privilege. */
const DENIED = [1044, 1142, 1143, 1227]

/**
 * Grants the account of an application what it needs: to read the journal, and to say that it lives. Does nothing where
 * the server lets us see that it may already, since a GRANT at every run would be in every binary log.
 *
 * @param role a user or role: `app`, `app@10.0.0.%`, `'app'@'%'`
 * @throws `CONFIG.APP_ROLE` where there is no such account, `DATABASE.PERMISSION` where we may not grant
 */
export async function grantToApplication(session: Session, role: string): Promise<void> {
  const grants = await missingGrants(session, role)
  if (grants.length > 0) await grant(session, role, grants)
}

/** The statements that would give the account what it lacks, as far as the server lets us see what it has. */
export async function missingGrants(session: Session, role: string): Promise<readonly string[]> {
  const account = parseAccount(role)
  const [row] = await session.query<{ database: string }>('SELECT DATABASE() AS `database`')
  const database = row?.database ?? ''
  const had = await privilegesOf(session, account, database)
  return neededPrivileges()
    .filter(({ table, privilege }) => !had.has(`${table} ${privilege}`))
    .map(
      ({ table, privilege }) =>
        `GRANT ${privilege} ON ${quoteName(database)}.${quoteName(table)} TO ${quoteAccount(account)};`,
    )
}

interface Needed {
  readonly table: string
  readonly privilege: string
}

function neededPrivileges(): readonly Needed[] {
  const on = (table: string, ...privileges: string[]): Needed[] => privileges.map((privilege) => ({ table, privilege }))
  return [
    ...JOURNAL_TABLES.flatMap((table) => on(table, 'SELECT')),
    ...on('phasegate_build', 'INSERT', 'UPDATE'),
    ...on('phasegate_instance', 'INSERT', 'UPDATE', 'DELETE'),
  ]
}

/**
 * What the account was granted itself, as `table privilege`; of other accounts the server shows it to those who may read
 * its `mysql` database. The database of a grant may be a pattern; with an escape in it (`my\_shop`) it is the exact name.
 */
async function privilegesOf(session: Session, { user, host }: Account, database: string): Promise<ReadonlySet<string>> {
  const name = `'${user}'@`
  // Of a name alone it may be a user, whose host is `%`, or on MariaDB a role, which has none.
  const grantees = host === undefined ? [`${name}'%'`, `${name}''`] : [`${name}'${host}'`, `${name}'${host}'`]
  const rows = await session.query<{ on: string | null; privilege: string }>(
    `SELECT NULL AS \`on\`, privilege_type AS privilege FROM information_schema.user_privileges WHERE grantee IN (?, ?)
     UNION ALL
     SELECT NULL, privilege_type FROM information_schema.schema_privileges
     WHERE grantee IN (?, ?) AND ? LIKE table_schema
     UNION ALL
     SELECT table_name, privilege_type FROM information_schema.table_privileges
     WHERE grantee IN (?, ?) AND table_schema = ?`,
    [...grantees, ...grantees, database, ...grantees, database],
  )
  return new Set(
    rows.flatMap(({ on, privilege }) => (on === null ? JOURNAL_TABLES : [on]).map((table) => `${table} ${privilege}`)),
  )
}

async function grant(session: Session, role: string, grants: readonly string[]): Promise<void> {
  // Without that mode MariaDB makes an account without a password of a name that it does not know. MySQL, which never
  // does, skips the comment (MariaDB documentation, "Comment Syntax").
  await session.query(`SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode /*M! , ',NO_AUTO_CREATE_USER' */)`)
  try {
    for (const statement of grants) await session.query(statement)
  } catch (error) {
    if (hasErrorNumber(error, NO_SUCH_ACCOUNT)) throw noSuchAccount(role, error)
    if (hasErrorNumber(error, DENIED)) throw mayNotGrant(role, grants, error)
    throw error
  }
}

function noSuchAccount(role: string, cause: unknown): PhasegateError {
  return new PhasegateError({
    code: 'CONFIG.APP_ROLE',
    message: `appRoles names ${role}, and there is no such user or role on this server.`,
    next: [
      `CREATE USER ${quoteAccount(parseAccount(role))} IDENTIFIED BY …; or correct appRoles in the configuration.`,
    ],
    cause,
    exit: EXIT.usage,
  })
}

function mayNotGrant(role: string, grants: readonly string[], cause: unknown): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.PERMISSION',
    message: `Our account may not grant ${role}, which appRoles names, what it needs of the journal.`,
    why: cause instanceof Error ? cause.message : String(cause),
    next: [
      ...grants,
      `A privileged account runs these once. Then take ${role} out of appRoles, or let our account read the database mysql, so that it sees them.`,
    ],
    meta: { role, grants },
    cause,
    exit: EXIT.usage,
  })
}
