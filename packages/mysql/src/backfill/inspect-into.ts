import type { CompiledBackfill, CopyForm, Session } from '@phasegate/core'
import { noInto } from './backfill-errors.js'

interface IntoColumn {
  readonly name: string
  readonly nullable: string
  readonly [key: string]: unknown
}

/**
 * Can the other table be filled, so that a row which is there is found again, by a unique key that is made of just the
 * columns of `onConflict`, none of which may be NULL?
 *
 * @throws `BACKFILL.INTO`
 */
export async function inspectInto(session: Session, backfill: CompiledBackfill, form: CopyForm): Promise<void> {
  const { schema, name } = form.into
  const named = `table_schema = ${schema === undefined ? 'DATABASE()' : '?'} AND table_name = ?`
  const values = schema === undefined ? [name] : [schema, name]
  const [table] = await session.query<{ type: string; engine: string | null }>(
    `SELECT table_type AS type, engine AS engine FROM information_schema.tables WHERE ${named}`,
    values,
  )
  if (table === undefined)
    throw noInto(
      backfill,
      form,
      `There is no table ${name}.`,
      'Apply the expand that creates it first (phasegate expand), or correct the name in the file.',
    )
  if (table.engine?.toLowerCase() !== 'innodb')
    throw noInto(backfill, form, `${name} is no InnoDB table.`, 'Name a table that has transactions.')
  const columns = await session.query<IntoColumn>(
    `SELECT column_name AS name, is_nullable AS nullable FROM information_schema.columns WHERE ${named}`,
    values,
  )
  const find = (column: string) => columns.find((one) => one.name.toLowerCase() === column.toLowerCase())
  const missing = form.select.map(({ column }) => column).filter((column) => find(column) === undefined)
  if (missing.length > 0)
    throw noInto(
      backfill,
      form,
      `There is no column ${missing.join(', ')}; ${name} has ${columns.map((column) => column.name).join(', ')}.`,
      'Correct the name in the file, or apply the expand that adds the column.',
    )
  const nullable = form.onConflict.columns.filter((column) => find(column)?.nullable !== 'NO')
  if (nullable.length > 0)
    throw noInto(
      backfill,
      form,
      `${nullable.join(', ')} may be NULL, and two rows that hold NULL there are not the same row to a unique key.`,
      'Make it NOT NULL in expand, or name other columns in onConflict.',
    )
  if (!(await hasUniqueKey(session, named, values, form)))
    throw noInto(
      backfill,
      form,
      `${name} has no unique key over ${form.onConflict.columns.join(', ')} and nothing else.`,
      `In expand: ALTER TABLE ${name} ADD UNIQUE KEY (${form.onConflict.columns.join(', ')}).`,
    )
}

async function hasUniqueKey(
  session: Session,
  named: string,
  values: readonly string[],
  { onConflict }: CopyForm,
): Promise<boolean> {
  const parts = await session.query<{ index: string; name: string | null; prefix: number | string | null }>(
    `SELECT index_name AS \`index\`, column_name AS name, sub_part AS prefix FROM information_schema.statistics
     WHERE ${named} AND non_unique = 0`,
    values,
  )
  const wanted = [...onConflict.columns].map((column) => column.toLowerCase()).sort()
  return [...new Set(parts.map(({ index }) => index))].some((index) => {
    const own = parts.filter((part) => part.index === index)
    const names = own.map(({ name }) => name?.toLowerCase() ?? '').sort()
    return own.every(({ prefix }) => prefix === null) && names.join('\0') === wanted.join('\0')
  })
}
