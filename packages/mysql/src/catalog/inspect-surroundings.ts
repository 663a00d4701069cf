import type { Session, Surrounding } from '@phasegate/core'
import type { Capabilities } from '../server/capabilities.js'
import { classifyError } from '../session/classify-error.js'
import { grantedOn } from '../session/granted-privileges.js'
import { describeSessions, ifAllowed, openTransactions } from '../session/list-sessions.js'
import { hasLockPlugin } from '../session/metadata-lock-info.js'
import { NEEDED } from '../session/missing-privilege.js'
import { leftoverCounts } from '../writers/leftover-counts.js'

/** What `doctor` says of a MySQL or MariaDB server beside whether we can work at all. Reads only. */
export async function inspectSurroundings(
  session: Session,
  appRoles: readonly string[],
  capabilities: Capabilities,
): Promise<readonly Surrounding[]> {
  return [
    ...(await privileges(session)),
    ...(await binaryLog(session)),
    ...(await lockSight(session, capabilities)),
    ...(await oldTransactions(session)),
    ...(await rowVersions(session, capabilities)),
    ...(await leftoverTriggers(session)),
    ...(await leftoverCounts(session)),
    ...(await roleGrants(session, appRoles)),
  ]
}

async function privileges(session: Session): Promise<readonly Surrounding[]> {
  const [row] = await session.query<{ name: string }>('SELECT DATABASE() AS name')
  const granted = await grantedOn(session, row?.name ?? '')
  const missing = granted === undefined ? [] : NEEDED.filter((privilege) => !granted.has(privilege))
  if (missing.length === 0) return []
  return [
    {
      check: 'privileges',
      state: 'warning',
      message: `this account lacks ${missing.join(', ')} on the whole database; steps that need it will be refused`,
      next: `GRANT ${missing.join(', ')} ON \`${(row?.name ?? '').replaceAll('`', '``')}\`.* TO this account;`,
    },
  ]
}

/** With a binary log, triggers need SUPER or a server that trusts their authors (error 1419). */
async function binaryLog(session: Session): Promise<readonly Surrounding[]> {
  const [row] = await session.query<{ name: string; logs: string | number; trusts: string | number }>(
    'SELECT DATABASE() AS name, @@log_bin AS logs, @@log_bin_trust_function_creators AS trusts',
  )
  if (Number(row?.logs) === 0 || Number(row?.trusts) !== 0) return []
  const granted = await grantedOn(session, row?.name ?? '')
  if (granted?.has('SUPER') || granted?.has('ALL PRIVILEGES')) return []
  return [
    {
      check: 'triggers',
      state: 'warning',
      message:
        'the binary log is on and log_bin_trust_function_creators is off: this account cannot create sync triggers',
      next: 'SET GLOBAL log_bin_trust_function_creators = 1;',
    },
  ]
}

/** Who holds what we wait for: what a server needs before it tells. */
async function lockSight(session: Session, capabilities: Capabilities): Promise<readonly Surrounding[]> {
  const found: Surrounding[] = []
  // Takes PROCESS as innodb_trx does, and has nothing of others in it that could not be read (`openTransactions`).
  if (!(await allowed(session, 'SELECT 1 AS seen FROM information_schema.innodb_metrics LIMIT 1')))
    found.push(
      blind(
        'this account lacks PROCESS, so that open transactions of others cannot be seen',
        'GRANT PROCESS ON *.* TO this account;',
      ),
    )
  if (capabilities.locksByPlugin) {
    if (!(await hasLockPlugin(session)))
      found.push(
        blind(
          'the plugin metadata_lock_info is not installed, so that who holds a table can only be guessed',
          `INSTALL SONAME 'metadata_lock_info';`,
        ),
      )
  } else if (!(await allowed(session, 'SELECT 1 AS seen FROM performance_schema.metadata_locks LIMIT 1')))
    found.push(
      blind(
        'this account cannot read performance_schema, so that who holds a table cannot be seen',
        'GRANT SELECT ON performance_schema.* TO this account;',
      ),
    )
  else if ((await session.query(METADATA_INSTRUMENT)).length === 0)
    found.push(
      blind(
        'performance_schema does not record metadata locks, so that who holds a table cannot be seen',
        `UPDATE performance_schema.setup_instruments SET enabled = 'YES' WHERE name = 'wait/lock/metadata/sql/mdl';`,
      ),
    )
  return found
}

const METADATA_INSTRUMENT = `SELECT 1 AS seen FROM performance_schema.setup_instruments
  WHERE name = 'wait/lock/metadata/sql/mdl' AND enabled = 'YES' AND @@performance_schema = 1`

function blind(message: string, next: string): Surrounding {
  return { check: 'lock holders', state: 'warning', message, next }
}

async function allowed(session: Session, query: string): Promise<boolean> {
  try {
    await session.query(query)
    return true
  } catch (error) {
    if (classifyError(error) === 'permission') return false
    throw error
  }
}

async function oldTransactions(session: Session): Promise<readonly Surrounding[]> {
  const old = [...(await openTransactions(session))].filter(([id, s]) => s >= 300 && id !== session.backend.id)
  const holders = await describeSessions(
    session,
    old.slice(0, 10).map(([id]) => id),
  )
  return holders.map((holder) => ({
    check: 'old transaction',
    state: 'warning',
    message: `session ${holder.backend.id} (${holder.application || holder.user || '?'}, ${holder.state}) has a transaction open for ${Math.round(holder.transactionSeconds / 60)} min; changes of the tables that it read wait for it`,
    next: `KILL ${holder.backend.id}; if it is not needed`,
  }))
}

/** Instant changes are counted by table; when they are used up the server refuses the next one (error 4092). */
async function rowVersions(session: Session, { rowVersions: most }: Capabilities): Promise<readonly Surrounding[]> {
  if (most === undefined) return []
  const rows = await ifAllowed(() =>
    session.query<{ name: string; used: string | number }>(
      // It is read under the metadata lock of every table of the server: DDL that waits anywhere would hold it up.
      `SELECT /*+ MAX_EXECUTION_TIME(2000) */ SUBSTRING_INDEX(name, '/', -1) AS name, MAX(total_row_versions) AS used FROM information_schema.innodb_tables
       WHERE name LIKE CONCAT(REPLACE(REPLACE(DATABASE(), '_', '\\\\_'), '%', '\\\\%'), '/%')
       GROUP BY 1 HAVING used >= ? ORDER BY used DESC LIMIT 10`,
      [Math.floor(most * 0.8)],
    ),
  )
  return rows.map((row) => ({
    check: 'row versions',
    state: 'warning',
    message: `${row.name} has used ${row.used} of its ${most} instant changes`,
    next: `In a quiet hour: ALTER TABLE \`${row.name}\` FORCE, ALGORITHM=INPLACE, LOCK=NONE;`,
  }))
}

/** Triggers of ours where no unit is under way or applied that could have made them. */
async function leftoverTriggers(session: Session): Promise<readonly Surrounding[]> {
  const rows = await session.query<{ name: string; table: string }>(
    `SELECT trigger_name AS name, event_object_table AS \`table\` FROM information_schema.triggers
     WHERE trigger_schema = DATABASE() AND trigger_name LIKE 'phasegate\\\\_%'
       AND NOT EXISTS (SELECT 1 FROM information_schema.tables
                       WHERE table_schema = DATABASE() AND table_name = 'phasegate_unit')`,
  )
  return rows.map((row) => ({
    check: 'leftover trigger',
    state: 'warning',
    message: `${row.name} on ${row.table}: there is no journal that knows it, and every write pays for it`,
    next: `DROP TRIGGER \`${row.name.replaceAll('`', '``')}\`;`,
  }))
}

/** Other accounts' grants only an administrator sees. */
async function roleGrants(session: Session, appRoles: readonly string[]): Promise<readonly Surrounding[]> {
  const found: Surrounding[] = []
  for (const role of appRoles) {
    const rows = await ifAllowed(() =>
      session.query<{ there: string | number }>('SELECT COUNT(*) AS there FROM mysql.user WHERE user = ?', [
        role.replace(/@.*$/, '').replace(/^['"`]|['"`]$/g, ''),
      ]),
    )
    if (rows[0] !== undefined && Number(rows[0].there) === 0)
      found.push({
        check: 'appRoles',
        state: 'problem',
        message: `there is no account ${role}`,
        next: 'Correct appRoles in the config.',
      })
  }
  return found
}
