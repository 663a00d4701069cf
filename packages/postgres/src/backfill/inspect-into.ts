import type { CompiledBackfill, CopyForm, Session } from '@phasegate/core'
import { noInto } from './backfill-errors.js'
import { intoName } from './copy-statements.js'

interface IntoRow {
  readonly kind: string
  readonly nullable: readonly string[]
  readonly columns: readonly string[]
  readonly [key: string]: unknown
}

/**
 * Can the other table be filled, so that a row which is there is found again? Whether a unique index fits is for the
 * server to say when it plans the statement.
 *
 * @throws `BACKFILL.INTO`
 */
export async function inspectInto(session: Session, backfill: CompiledBackfill, form: CopyForm): Promise<void> {
  const [table] = await session.query<IntoRow>(
    `SELECT c.relkind::text AS kind,
       ARRAY(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns,
       ARRAY(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attname = ANY ($2::text[]) AND NOT a.attnotnull) AS nullable
     FROM pg_class c WHERE c.oid = to_regclass($1)`,
    [intoName(form), form.onConflict.columns],
  )
  const { name } = form.into
  if (table === undefined)
    throw noInto(
      backfill,
      form,
      `There is no table ${name}.`,
      'Apply the expand that creates it first (phasegate expand), or correct the name in the file.',
    )
  if (table.kind !== 'r' && table.kind !== 'p')
    throw noInto(backfill, form, `${name} is not a table.`, 'Name the table that holds the rows.')
  const missing = form.select.map(({ column }) => column).filter((column) => !table.columns.includes(column))
  if (missing.length > 0)
    throw noInto(
      backfill,
      form,
      `There is no column ${missing.join(', ')}; ${name} has ${table.columns.join(', ')}.`,
      'Correct the name in the file, or apply the expand that adds the column.',
    )
  if (table.nullable.length > 0)
    throw noInto(
      backfill,
      form,
      `${table.nullable.join(', ')} may be NULL, and two rows that hold NULL there are not the same row to a unique index.`,
      'Make it NOT NULL in expand, or name other columns in onConflict.',
    )
}
