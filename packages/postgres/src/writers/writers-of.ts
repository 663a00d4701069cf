import type { Session, UsedObject, WritersReading } from '@phasegate/core'
import { quoteTable } from '../operations/table-reference.js'
import { quoteName } from '../quoting.js'

/** What the triggers of `countWriters` have noted. Both have to be there and enabled for every kind of session. */
export async function writersOf(session: Session, { schema, table, column }: UsedObject): Promise<WritersReading> {
  const name = quoteTable(schema === undefined ? { name: table } : { schema, name: table })
  const rows = await session.query<{ schema: string; counts: string | null; triggers: number }>(
    `SELECT n.nspname AS schema, f.proname AS counts, count(t.oid)::int AS triggers
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgenabled IN ('O', 'A') AND t.tgname LIKE 'phasegate\\_writes\\_%'
       AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_trigger'::regclass AND d.objid = t.oid
         AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid = a.attnum)
     LEFT JOIN pg_proc f ON f.oid = t.tgfoid
     WHERE a.attrelid = to_regclass($1) AND a.attname = $2 AND NOT a.attisdropped GROUP BY 1, 2`,
    [name, column ?? ''],
  )
  if (rows.length === 0) return { exists: false, counted: false, lastWrite: null, sessions: 0 }
  const found = rows.find(({ triggers }) => triggers === 2)
  if (found?.counts == null) return { exists: true, counted: false, lastWrite: null, sessions: 0 }
  const counts = `${quoteName(found.schema)}.${quoteName(found.counts)}`
  const [seen] = await session.query<{ last: string | null; sessions: number }>(
    `SELECT to_char(max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS last, count(DISTINCT session)::int AS sessions FROM ${counts}`,
  )
  return { exists: true, counted: true, lastWrite: seen?.last ?? null, sessions: seen?.sessions ?? 0 }
}
