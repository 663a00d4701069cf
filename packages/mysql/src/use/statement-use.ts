import type { Session, StatementUse, StatementUseReading, UsedObject } from '@phasegate/core'
import type { Capabilities } from '../server/capabilities.js'
import { coverageMarks } from './coverage-marks.js'
import { coverageProblems } from './coverage-problems.js'
import { dependentsOf } from './dependents.js'
import { mentions } from './mentions.js'

/**
 * A digest ends where its room does, without a mark. A name takes a byte more of that room than of the text, so that a text
 * of this share of it may be cut.
 */
const WHOLE = 0.75

/** What the digests of performance_schema say of a table or column. Reads the catalog and the statistics, never the table. */
export async function readStatementUse(
  session: Session,
  given: UsedObject,
  capabilities: Capabilities,
): Promise<StatementUseReading> {
  const object = await findObject(session, given)
  if (object === undefined) return { exists: false, problems: [], marks: [], uses: [], dependents: [], replicas: 0 }
  const dependents = await dependentsOf(session, object)
  const problems = await coverageProblems(session)
  if (problems.length > 0) return { exists: true, problems, marks: [], uses: [], dependents, replicas: 0 }
  return {
    exists: true,
    problems,
    marks: await coverageMarks(session, capabilities),
    uses: await usesOf(session, object),
    dependents,
    replicas: await countReplicas(session),
  }
}

async function findObject(session: Session, { schema, table, column }: UsedObject): Promise<UsedObject | undefined> {
  const [row] = await session.query<{ schema: string; table: string }>(
    `SELECT t.TABLE_SCHEMA AS \`schema\`, t.TABLE_NAME AS \`table\` FROM information_schema.TABLES t
     WHERE t.TABLE_SCHEMA = COALESCE(?, DATABASE()) AND t.TABLE_NAME = ? AND (? IS NULL OR EXISTS (
       SELECT 1 FROM information_schema.COLUMNS c
       WHERE c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME AND c.COLUMN_NAME = ?))`,
    [schema ?? null, table, column ?? null, column ?? null],
  )
  return row === undefined
    ? undefined
    : { schema: row.schema, table: row.table, ...(column === undefined ? {} : { column }) }
}

async function usesOf(session: Session, object: UsedObject): Promise<readonly StatementUse[]> {
  const { schema = '', table } = object
  const [room] = await session.query<{ bytes: number | string }>(
    'SELECT LEAST(@@max_digest_length, @@performance_schema_max_digest_length) AS bytes',
  )
  const longest = Math.floor(Number(room?.bytes ?? 0) * WHOLE)
  const rows = await session.query<{ id: string; calls: string; text: string | null; cut: number | string }>(
    `SELECT CONCAT(COALESCE(SCHEMA_NAME, ''), ':', DIGEST) AS id, CAST(COUNT_STAR AS CHAR) AS calls, DIGEST_TEXT AS text,
       LENGTH(DIGEST_TEXT) >= ? AS cut
     FROM performance_schema.events_statements_summary_by_digest WHERE DIGEST IS NOT NULL AND (
       DIGEST_TEXT IS NULL OR LENGTH(DIGEST_TEXT) >= ? OR (LOCATE(LOWER(?), LOWER(DIGEST_TEXT)) > 0
         AND (SCHEMA_NAME IS NULL OR SCHEMA_NAME = ? OR LOCATE(LOWER(?), LOWER(DIGEST_TEXT)) > 0)))`,
    [longest, longest, table, schema, schema],
  )
  return rows.flatMap(({ id, calls, text, cut }): StatementUse[] => {
    const mention = text === null ? 'possible' : mentions(text, object)
    if (mention === 'ours' || (mention === 'no' && Number(cut) === 0)) return []
    if (text !== null && Number(cut) === 0) return [{ id, calls, text, readable: true }]
    // A whole statement is not told from the beginning of one; where the beginning uses the object the rest is no matter.
    if (text !== null && mention === 'possible') return [{ id, calls, text, readable: true }]
    const readable =
      'its text is cut; raise max_digest_length and performance_schema_max_digest_length, and restart the server'
    return [{ id, calls, text: text ?? '', readable }]
  })
}

/** Sessions that read the binary log. */
async function countReplicas(session: Session): Promise<number> {
  const [row] = await session.query<{ count: number | string }>(
    "SELECT COUNT(*) AS count FROM performance_schema.threads WHERE PROCESSLIST_COMMAND LIKE 'Binlog Dump%'",
  )
  return Number(row?.count ?? 0)
}
