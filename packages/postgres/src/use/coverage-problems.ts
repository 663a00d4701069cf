import type { CoverageProblem, Session } from '@phasegate/core'

interface Settings {
  readonly track: string | null
  readonly utility: string | null
  readonly ids: string | null
  readonly extension: string | null
  readonly version: string | null
  readonly reads: boolean
  readonly overrides: string | null
  readonly [name: string]: unknown
}

/**
 * Why pg_stat_statements does not count everything, if it does not (PostgreSQL docs: pg_stat_statements, Configuration
 * Parameters). What a superuser sets in a session of its own cannot be seen.
 */
export async function coverageProblems(session: Session): Promise<readonly CoverageProblem[]> {
  const [row] = await session.query<Settings>(
    `SELECT current_setting('pg_stat_statements.track', true) AS track,
       current_setting('pg_stat_statements.track_utility', true) AS utility,
       current_setting('compute_query_id', true) AS ids,
       (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements') AS extension,
       (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'pg_stat_statements') AS version,
       pg_has_role('pg_read_all_stats', 'USAGE') AS reads,
       (SELECT string_agg(DISTINCT coalesce(r.rolname, 'every role') || ' in ' || coalesce(d.datname, 'every database'), ', ')
        FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase,
          unnest(s.setconfig) AS c WHERE c LIKE 'pg\\_stat\\_statements.%' OR c LIKE 'compute\\_query\\_id=%') AS overrides`,
  )
  if (row === undefined) throw new Error('the server answered a one-row query with no row')
  return problemsOf(row)
}

function problemsOf({
  track,
  utility,
  ids,
  extension,
  version,
  reads,
  overrides,
}: Settings): readonly CoverageProblem[] {
  if (extension === null) {
    return [
      {
        reason: 'the extension pg_stat_statements is not in this database',
        next: 'CREATE EXTENSION pg_stat_statements;',
      },
    ]
  }
  if (track === null) {
    const next =
      "add pg_stat_statements to shared_preload_libraries, set pg_stat_statements.track = 'all', and restart the server"
    return [{ reason: 'pg_stat_statements is not loaded', next }]
  }
  const problems: CoverageProblem[] = []
  if (track !== 'all') {
    const next = "ALTER SYSTEM SET pg_stat_statements.track = 'all'; SELECT pg_reload_conf();"
    problems.push({
      reason: `pg_stat_statements.track is ${track}, so that statements inside functions are not counted`,
      next,
    })
  }
  if (utility !== 'on') {
    const next = 'ALTER SYSTEM SET pg_stat_statements.track_utility = on; SELECT pg_reload_conf();'
    problems.push({ reason: 'pg_stat_statements.track_utility is off, so that COPY and cursors are not counted', next })
  }
  if (ids === 'off')
    problems.push({
      reason: 'compute_query_id is off, so that nothing is counted',
      next: 'ALTER SYSTEM SET compute_query_id = auto; SELECT pg_reload_conf();',
    })
  if (!hasInfo(version))
    problems.push({
      reason: `pg_stat_statements ${version} does not say what it lost`,
      next: 'ALTER EXTENSION pg_stat_statements UPDATE;',
    })
  if (!reads)
    problems.push({
      reason: "other roles' statements cannot be read",
      next: 'GRANT pg_read_all_stats TO <the role of Phasegate>;',
    })
  if (overrides !== null) {
    problems.push({
      reason: `what is counted is set otherwise for ${overrides}`,
      next: 'ALTER ROLE … RESET, or ALTER DATABASE … RESET, of pg_stat_statements.* and compute_query_id',
    })
  }
  return problems
}

/** pg_stat_statements_info is there since 1.9 (PostgreSQL 14). */
function hasInfo(version: string | null): boolean {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number)
  return major > 1 || (major === 1 && minor >= 9)
}
