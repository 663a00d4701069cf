import type { EngineTable, Session } from '@phasegate/core'
import { MAX_IDENTIFIER_LENGTH, quoteName } from '../quoting.js'
import { readCatalog } from './read-catalog.js'

interface KeyRow {
  readonly constraint: string
  readonly schema: string
  readonly table: string
  readonly points: string
  readonly column: string
  readonly referenced: string
  readonly onDelete: string
  readonly onUpdate: string
  readonly [key: string]: unknown
}

/**
 * Foreign keys of others that point at what is to go are turned to the table itself: a tool that makes them anew, before its swap or
 * behind it, may be killed in between (pt-online-schema-change 3.7 does it before, 3.2 behind). The table holds every row that
 * they may need. Like the tool, this gives them another name, as the server knows no way to keep it: `_name` for `name`, and back.
 */
export async function turnForeignKeys(
  session: Session,
  { schema, name }: Pick<EngineTable, 'schema' | 'name'>,
  from: readonly string[],
): Promise<void> {
  if (from.length === 0) return
  const rows = await readCatalog<KeyRow>(
    session,
    `SELECT r.constraint_name AS \`constraint\`, r.constraint_schema AS \`schema\`, r.table_name AS \`table\`,
       r.referenced_table_name AS points, k.column_name AS \`column\`, k.referenced_column_name AS referenced,
       r.delete_rule AS onDelete, r.update_rule AS onUpdate
     FROM information_schema.referential_constraints r
     JOIN information_schema.key_column_usage k ON k.constraint_schema = r.constraint_schema
       AND k.constraint_name = r.constraint_name AND k.table_name = r.table_name
     WHERE r.unique_constraint_schema = ? AND r.referenced_table_name IN (?)
       AND NOT (r.constraint_schema = ? AND r.table_name IN (?))
     ORDER BY r.constraint_schema, r.constraint_name, k.ordinal_position`,
    [schema, from, schema, from],
  )
  const identity = (row: KeyRow): string => JSON.stringify([row.schema, row.table, row.constraint])
  for (const key of new Set(rows.map(identity))) {
    const columns = rows.filter((row) => identity(row) === key)
    await session.query(turned(`${quoteName(schema)}.${quoteName(name)}`, columns[0]!, columns))
  }
}

function turned(to: string, key: KeyRow, columns: readonly KeyRow[]): string {
  const list = (of: 'column' | 'referenced'): string => columns.map((row) => quoteName(row[of])).join(', ')
  return (
    `ALTER TABLE ${quoteName(key.schema)}.${quoteName(key.table)} DROP FOREIGN KEY ${quoteName(key.constraint)}, ` +
    `ADD CONSTRAINT ${quoteName(otherName(key.constraint))} FOREIGN KEY (${list('column')}) ` +
    `REFERENCES ${to} (${list('referenced')}) ON DELETE ${key.onDelete} ON UPDATE ${key.onUpdate}`
  )
}

function otherName(name: string): string {
  return name.startsWith('_') ? name.slice(1) : `_${name}`.slice(0, MAX_IDENTIFIER_LENGTH)
}
