import type { Session, Surrounding } from '@phasegate/core'
import { leftByRepack } from '../engine/left-by-repack.js'
import { leftoverCounts } from '../writers/leftover-counts.js'

/** What `doctor` says of a PostgreSQL server beside whether we can work at all. Reads only. */
export async function inspectSurroundings(
  session: Session,
  appRoles: readonly string[],
): Promise<readonly Surrounding[]> {
  return [
    ...(await invalidIndexes(session)),
    ...(await oldTransactions(session)),
    ...(await preparedTransactions(session)),
    ...(await leftoverCounts(session)),
    ...(await leftByRepack(session)),
    ...(await roleGrants(session, appRoles)),
  ]
}

async function invalidIndexes(session: Session): Promise<readonly Surrounding[]> {
  const rows = await session.query<{ name: string; table: string }>(
    `SELECT i.indexrelid::regclass::text AS name, i.indrelid::regclass::text AS table FROM pg_index i
     WHERE NOT i.indisvalid AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)`,
  )
  return rows.map((row) => ({
    check: 'invalid index',
    state: 'warning',
    message: `${row.name} on ${row.table}: left by a concurrent build that failed; every write pays for it`,
    next: `Run the migration that builds it again, or: DROP INDEX CONCURRENTLY ${row.name};`,
  }))
}

async function oldTransactions(session: Session): Promise<readonly Surrounding[]> {
  const rows = await session.query<{ pid: number; name: string; state: string; minutes: number }>(
    `SELECT pid, coalesce(nullif(application_name, ''), usename, '?') AS name, coalesce(state, '?') AS state,
            round(extract(epoch FROM clock_timestamp() - xact_start) / 60)::int AS minutes
     FROM pg_stat_activity WHERE xact_start < clock_timestamp() - interval '5 minutes' AND pid <> pg_backend_pid()
       AND backend_type = 'client backend' ORDER BY xact_start LIMIT 10`,
  )
  return rows.map((row) => ({
    check: 'old transaction',
    state: 'warning',
    message: `session ${row.pid} (${row.name}, ${row.state}) has a transaction open for ${row.minutes} min; locks and concurrent builds wait for it`,
    next: `SELECT pg_terminate_backend(${row.pid}); if it is not needed`,
  }))
}

async function preparedTransactions(session: Session): Promise<readonly Surrounding[]> {
  const [row] = await session.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_prepared_xacts WHERE prepared < clock_timestamp() - interval '5 minutes'`,
  )
  if ((row?.count ?? 0) === 0) return []
  const message = `${row?.count} prepared transactions are open; they hold their locks until they are ended`
  return [{ check: 'prepared transactions', state: 'warning', message, next: 'SELECT * FROM pg_prepared_xacts;' }]
}

async function roleGrants(session: Session, appRoles: readonly string[]): Promise<readonly Surrounding[]> {
  const rows = await session.query<{ role: string; there: boolean; granted: boolean | null }>(
    `SELECT name AS role, r.oid IS NOT NULL AS there,
       CASE WHEN r.oid IS NULL OR to_regclass('phasegate.unit') IS NULL THEN NULL
            ELSE has_schema_privilege(r.oid, 'phasegate', 'USAGE') AND has_table_privilege(r.oid, 'phasegate.unit', 'SELECT') END AS granted
     FROM unnest($1::text[]) AS name LEFT JOIN pg_roles r ON r.rolname = name`,
    [appRoles],
  )
  return rows.flatMap((row): Surrounding[] => {
    if (!row.there)
      return [
        {
          check: 'appRoles',
          state: 'problem',
          message: `there is no role ${row.role}`,
          next: 'Correct appRoles in the config.',
        },
      ]
    if (row.granted !== false) return []
    return [
      {
        check: 'appRoles',
        state: 'warning',
        message: `${row.role} cannot read the journal yet`,
        next: 'The next expand grants it.',
      },
    ]
  })
}
