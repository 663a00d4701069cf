import type { CoverageMark, Session } from '@phasegate/core'
import type { Capabilities } from '../server/capabilities.js'

/** Counters that stand still as long as nothing is missed, by their names in SHOW GLOBAL STATUS. */
const LOST = {
  Performance_schema_digest_lost: 'statements had no room in the digests; raise performance_schema_digests_size',
  Performance_schema_thread_instances_lost:
    'sessions had no room in performance_schema; raise performance_schema_max_thread_instances',
} as const

/** Only where digests do not have the text of what is prepared. */
const PREPARED = 'prepared statements ran, which this server counts without their text'
const EXECUTED = {
  Com_stmt_execute: PREPARED,
  Com_execute_sql: PREPARED,
  Com_execute_immediate: PREPARED,
} as const

/**
 * The first statement of the digests is one that nothing but TRUNCATE and a restart take away: rows are never dropped for
 * others, what has no room goes into the row without a digest.
 */
export async function coverageMarks(
  session: Session,
  { digestsPrepared }: Capabilities,
): Promise<readonly CoverageMark[]> {
  const [row] = await session.query<{ first: string | null; unnamed: string | null }>(
    `SELECT CAST(MIN(FIRST_SEEN) AS CHAR) AS first,
       CAST(SUM(CASE WHEN DIGEST IS NULL THEN COUNT_STAR ELSE 0 END) AS CHAR) AS unnamed
     FROM performance_schema.events_statements_summary_by_digest`,
  )
  const counters: Readonly<Record<string, string>> = digestsPrepared ? LOST : { ...LOST, ...EXECUTED }
  const names = Object.keys(counters)
  const status = await session.query<{ Variable_name: string; Value: string }>(
    `SHOW GLOBAL STATUS WHERE Variable_name IN (${names.map((name) => `'${name}'`).join(', ')})`,
  )
  return [
    { name: 'first', value: String(row?.first), changed: 'the statistics were reset, or the server was restarted' },
    { name: 'unnamed', value: String(row?.unnamed), changed: LOST.Performance_schema_digest_lost },
    ...status.map(({ Variable_name: name, Value: value }) => ({
      name,
      value: String(value),
      changed: counters[name] ?? name,
    })),
  ]
}
