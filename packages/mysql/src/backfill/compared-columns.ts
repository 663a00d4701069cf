import type { CompiledBackfill, Session } from '@phasegate/core'

/** How a column that the backfill writes is compared. */
export interface ComparedColumn {
  /** By its bytes: a text, where `<=>` would go by the collation. */
  readonly bytes: boolean
}

/** Types whose `<=>` goes by a collation or by what the value means: `'a' <=> 'A'`. They are compared by their bytes. */
const BY_BYTES = new Set([
  ...['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'enum', 'set'],
  ...['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'vector'],
  ...['geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon'],
  ...['geomcollection', 'geometrycollection'],
])

/** How the columns that the backfill writes are compared, in the order of `set` (or of `select`, in the table that it fills). */
export async function comparedColumns(
  session: Session,
  backfill: CompiledBackfill,
): Promise<readonly ComparedColumn[]> {
  const { form } = backfill
  const [{ schema, name }, columns] = form?.kind === 'copy' ? [form.into, form.select] : [backfill.table, backfill.set]
  const rows = await session.query<{ name: string; type: string }>(
    `SELECT column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_schema = ${schema === undefined ? 'DATABASE()' : '?'} AND table_name = ?`,
    schema === undefined ? [name] : [schema, name],
  )
  const types = new Map(rows.map((row) => [row.name.toLowerCase(), row.type.toLowerCase()]))
  return columns.map(({ column }) => {
    const type = types.get(column.toLowerCase())
    if (type === undefined)
      throw new Error(`a column of the backfill of ${backfill.table.name} went away while it was under way`)
    return { bytes: BY_BYTES.has(type) }
  })
}
