import type { CoverageProblem, Session } from '@phasegate/core'

const CONSUMERS = "('global_instrumentation', 'thread_instrumentation', 'statements_digest')"

/**
 * Why performance_schema does not count every statement, if it does not (MySQL Reference Manual, "Performance Schema Event
 * Filtering"). What was switched off and on again in between leaves no trace.
 */
export async function coverageProblems(session: Session): Promise<readonly CoverageProblem[]> {
  const [row] = await session.query<{ state: number | string; size: number | string }>(
    'SELECT @@performance_schema AS state, @@performance_schema_digests_size AS size',
  )
  if (Number(row?.state) !== 1) {
    return [
      {
        reason: 'performance_schema is off',
        next: "set performance_schema = ON in the server's configuration and restart it",
      },
    ]
  }
  const problems: CoverageProblem[] = []
  if (Number(row?.size) === 0)
    problems.push({ reason: 'performance_schema_digests_size is 0', next: 'set it to 10000 and restart the server' })
  for (const { ask, reason, next } of QUESTIONS) {
    const rows = await session.query<{ what: string }>(ask)
    if (rows.length > 0) problems.push({ reason: `${reason}: ${rows.map(({ what }) => what).join(', ')}`, next })
  }
  return problems
}

/** Each row is something that is not counted. */
const QUESTIONS = [
  {
    ask: `SELECT NAME AS what FROM performance_schema.setup_consumers WHERE NAME IN ${CONSUMERS} AND ENABLED <> 'YES'`,
    reason: 'consumers of performance_schema are off',
    next: `UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME IN ${CONSUMERS};`,
  },
  {
    // What runs inside stored programs (statement/sp) is looked for in their text.
    ask: `SELECT NAME AS what FROM performance_schema.setup_instruments
      WHERE (NAME LIKE 'statement/sql/%' OR NAME LIKE 'statement/com/%') AND ENABLED <> 'YES' LIMIT 5`,
    reason: 'statements are not instrumented',
    next: "UPDATE performance_schema.setup_instruments SET ENABLED = 'YES' WHERE NAME LIKE 'statement/%'; and reconnect the clients",
  },
  {
    ask: `SELECT CONCAT(USER, '@', HOST) AS what FROM performance_schema.setup_actors WHERE ENABLED <> 'YES'
      UNION ALL SELECT 'everybody who has no row' FROM (SELECT 1) AS one WHERE NOT EXISTS (
        SELECT 1 FROM performance_schema.setup_actors WHERE HOST = '%' AND USER = '%' AND ENABLED = 'YES')`,
    reason: 'accounts are left out',
    next: "performance_schema.setup_actors: one row '%', '%' with ENABLED = 'YES', and reconnect the clients",
  },
  {
    ask: `SELECT CONCAT('session ', PROCESSLIST_ID) AS what FROM performance_schema.threads
      WHERE INSTRUMENTED <> 'YES' AND TYPE = 'FOREGROUND' AND PROCESSLIST_ID IS NOT NULL LIMIT 5`,
    reason: 'sessions are not instrumented',
    next: "UPDATE performance_schema.threads SET INSTRUMENTED = 'YES'; or reconnect them",
  },
] as const
