import { type CompiledBackfill, columnsWritten, type QualifiedName, type Session } from '@phasegate/core'

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

/** The columns of a table with their types, by their names in small letters. */
export async function columnTypes(
  session: Session,
  { schema, name }: QualifiedName,
): Promise<ReadonlyMap<string, string>> {
  const rows = await session.query<{ name: string; type: string }>(
    `SELECT column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_schema = ${schema === undefined ? 'DATABASE()' : '?'} AND table_name = ?`,
    schema === undefined ? [name] : [schema, name],
  )
  return new Map(rows.map((row) => [row.name.toLowerCase(), row.type.toLowerCase()]))
}

/** How the columns that the backfill writes are compared, in the order of `set` (or of `select`, in the table that it fills). */
export async function comparedColumns(
  session: Session,
  backfill: CompiledBackfill,
): Promise<readonly ComparedColumn[]> {
  const { form } = backfill
  const [table, columns] =
    form?.kind === 'copy'
      ? [form.into, form.select.map(({ column }) => column)]
      : [backfill.table, columnsWritten(backfill)]
  const types = await columnTypes(session, table)
  return columns.map((column) => {
    const type = types.get(column.toLowerCase())
    if (type === undefined) throw new Error(`a column of ${table.name} went away while a backfill was under way`)
    return { bytes: BY_BYTES.has(type) }
  })
}
