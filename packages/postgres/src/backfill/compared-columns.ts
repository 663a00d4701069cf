import { type CompiledBackfill, columnsWritten, type Session } from '@phasegate/core'
import { intoName } from './copy-statements.js'
import { tableName } from './table-name.js'

/** How the old and the new value of a column are compared. */
export interface ComparedColumn {
  readonly type: string
  /** False: the type has no equality (json, xml, point…), so texts are compared. */
  readonly equality: boolean
}

/** The types of the columns that the backfill writes, in the order of `set` (or of `select`, in the table that it fills). */
export async function comparedColumns(
  session: Session,
  backfill: CompiledBackfill,
): Promise<readonly ComparedColumn[]> {
  const { form } = backfill
  return form?.kind === 'copy'
    ? await columnTypes(
        session,
        intoName(form),
        form.select.map(({ column }) => column),
      )
    : await columnTypes(session, tableName(backfill), columnsWritten(backfill))
}

/** The same for any columns, in their order. */
export async function columnTypes(
  session: Session,
  table: string,
  columns: readonly string[],
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
    [table, columns],
  )
  if (rows.length !== columns.length) throw new Error(`a column of ${table} went away while a backfill was under way`)
  return rows
}
