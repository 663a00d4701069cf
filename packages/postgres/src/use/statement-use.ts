import type { CoverageMark, Session, StatementUse, StatementUseReading, UsedObject } from '@phasegate/core'
import { quoteTable } from '../operations/table-reference.js'
import { loadParser } from '../parse/parser.js'
import { quoteName } from '../quoting.js'
import { coverageProblems } from './coverage-problems.js'
import { dependentsOf } from './dependents.js'
import { mentions } from './mentions.js'

/** What pg_stat_statements says of a table or column. Reads the catalog and the statistics, never the table. */
export async function readStatementUse(session: Session, object: UsedObject): Promise<StatementUseReading> {
  const found = await findTable(session, object)
  if (found === undefined) return { exists: false, problems: [], marks: [], uses: [], dependents: [], replicas: 0 }
  const replicas = await countReplicas(session)
  const problems = await coverageProblems(session)
  const dependents = await dependentsOf(session, found)
  if (problems.length > 0) return { exists: true, problems, marks: [], uses: [], dependents, replicas }
  await loadParser()
  const view = await extensionSchema(session)
  return {
    exists: true,
    problems,
    marks: await coverageMarks(session, view),
    uses: await usesOf(session, view, found),
    dependents,
    replicas,
  }
}

/** The table or column as the catalog has it. */
export interface FoundTable {
  readonly object: UsedObject
  readonly oid: string
  readonly attribute: number | null
  /** Names of the table, what it is a partition of, and its partitions. */
  readonly relations: ReadonlySet<string>
}

async function findTable(session: Session, { schema, table, column }: UsedObject): Promise<FoundTable | undefined> {
  const name = quoteTable(schema === undefined ? { name: table } : { schema, name: table })
  const [row] = await session.query<{ oid: string; schema: string; attribute: number | null; relations: string[] }>(
    `WITH RECURSIVE family (oid) AS (
       SELECT to_regclass($1)::oid UNION
       SELECT CASE WHEN i.inhrelid = f.oid THEN i.inhparent ELSE i.inhrelid END
       FROM family f JOIN pg_inherits i ON f.oid IN (i.inhrelid, i.inhparent))
     SELECT c.oid::text AS oid, n.nspname AS schema,
       (SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = $2 AND NOT a.attisdropped)::int AS attribute,
       (SELECT array_agg(r.relname::text) FROM family f JOIN pg_class r ON r.oid = f.oid) AS relations
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)`,
    [name, column ?? null],
  )
  if (row === undefined || (column !== undefined && row.attribute === null)) return undefined
  const object = { schema: row.schema, table, ...(column === undefined ? {} : { column }) }
  return { object, oid: row.oid, attribute: row.attribute, relations: new Set(row.relations) }
}

async function extensionSchema(session: Session): Promise<string> {
  const [row] = await session.query<{ schema: string }>(
    `SELECT n.nspname AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'`,
  )
  return quoteName(row?.schema ?? 'public')
}

/** Walsenders that stream the log to a server which may answer queries; a backup does not. */
async function countReplicas(session: Session): Promise<number> {
  const [row] = await session.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_replication WHERE application_name NOT IN ('pg_basebackup', 'pg_receivewal')`,
  )
  return row?.count ?? 0
}

/**
 * A crash empties the statistics without a trace in pg_stat_statements_info, but ends every process of the server; so does a
 * restart, after which they are read back only where it was an orderly one.
 */
async function coverageMarks(session: Session, schema: string): Promise<readonly CoverageMark[]> {
  const [row] = await session.query<{ reset: string; dealloc: string; started: string }>(
    `SELECT i.stats_reset::text AS reset, i.dealloc::text AS dealloc,
       concat_ws(' ', extract(epoch FROM pg_postmaster_start_time()), (SELECT extract(epoch FROM max(backend_start))
         FROM pg_stat_activity WHERE backend_type = 'checkpointer')) AS started
     FROM ${schema}.pg_stat_statements_info i`,
  )
  if (row === undefined) throw new Error('pg_stat_statements_info has no row')
  return [
    { name: 'reset', value: row.reset, changed: 'the statistics were reset' },
    {
      name: 'dealloc',
      value: row.dealloc,
      changed: 'statements were dropped from the statistics for want of room; raise pg_stat_statements.max',
    },
    { name: 'started', value: row.started, changed: 'the server was restarted' },
  ]
}

async function usesOf(
  session: Session,
  schema: string,
  { object, relations }: FoundTable,
): Promise<readonly StatementUse[]> {
  const rows = await session.query<{ id: string; calls: string; text: string | null }>(
    `SELECT concat_ws(':', s.userid, s.queryid, s.toplevel) AS id, s.calls::text AS calls, s.query AS text
     FROM ${schema}.pg_stat_statements s WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
       -- A name can be written in escapes (U&"..."), and then stands nowhere as it is.
       AND (s.query IS NULL OR s.query = '<insufficient privilege>' OR s.query ~* 'U&"' OR EXISTS (
         SELECT FROM unnest($1::text[]) AS name WHERE strpos(lower(s.query), lower(name)) > 0 OR strpos(s.query, replace(name, '"', '""')) > 0))`,
    [[...relations]],
  )
  return rows.flatMap(({ id, calls, text }): StatementUse[] => {
    if (text === null || text === '<insufficient privilege>') {
      return [{ id, calls, text: text ?? '', readable: 'the server does not give its text' }]
    }
    return mentions(text, object, relations) === 'possible' ? [{ id, calls, text, readable: true }] : []
  })
}
