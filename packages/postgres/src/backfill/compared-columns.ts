import type { CompiledBackfill, Session } from '@phasegate/core'
import { type ComparedColumn, tableName } from './backfill-statements.js'

/** The types of the columns that the backfill sets, in the order of `set`. */
export async function comparedColumns(
  session: Session,
  backfill: CompiledBackfill,
): Promise<readonly ComparedColumn[]> {
  const rows = await session.query<{ type: string; equality: boolean }>(
    // Category G is geometry, whose "=" compares areas or does not exist.
    `SELECT format_type(a.atttypid, a.atttypmod) AS type,
       b.typcategory <> 'G' AND b.typname NOT IN ('json', 'xml', '_json', '_xml') AS equality
     FROM unnest($2::text[]) WITH ORDINALITY AS s (name, position)
     JOIN pg_attribute a ON a.attrelid = to_regclass($1) AND a.attname = s.name AND NOT a.attisdropped
     JOIN pg_type t ON t.oid = a.atttypid
     JOIN pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
     ORDER BY s.position`,
    [tableName(backfill), backfill.set.map(({ column }) => column)],
  )
  if (rows.length !== backfill.set.length)
    throw new Error(`a column of the backfill of ${backfill.table.name} went away while it was under way`)
  return rows
}
