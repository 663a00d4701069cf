import { type EngineTable, EXIT, PhasegateError, type Session } from '@phasegate/core'
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
 * behind it, may be killed in between (pt-online-schema-change from 3.4 on does it before, 3.2 behind). Like the tool, this gives them
 * another name, as the server knows no way to keep it: `_name` for `name`, and back.
 *
 * They are turned without a look at the rows, which no writer then waits for. Behind a swap the keys still watched the old table,
 * so that a row may refer to one that was deleted meanwhile: that is looked for afterwards, and told.
 *
 * @throws `ENGINE.ORPHANS`, when all keys are turned
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
  const keys = [...new Set(rows.map(identity))].map((key) => rows.filter((row) => identity(row) === key))
  const to = `${quoteName(schema)}.${quoteName(name)}`
  await session.query('SET SESSION foreign_key_checks = 0')
  try {
    for (const columns of keys) await session.query(turned(to, columns[0]!, columns))
  } finally {
    await session.query('SET SESSION foreign_key_checks = 1')
  }
  const found: Orphans[] = []
  for (const columns of keys) {
    const query = orphansOf(to, columns)
    const [row] = await session.query<{ orphans: number | string; [key: string]: unknown }>(
      `SELECT COUNT(*) AS orphans ${query}`,
    )
    const count = Number(row?.orphans ?? 0)
    if (count > 0)
      found.push({ table: `${columns[0]!.schema}.${columns[0]!.table}`, count, query: `SELECT child.* ${query}` })
  }
  if (found.length > 0) throw orphansFound(name, found)
}

interface Orphans {
  readonly table: string
  readonly count: number
  readonly query: string
}

function orphansOf(parent: string, columns: readonly KeyRow[]): string {
  const { schema, table } = columns[0]!
  const own = columns.map(({ column }) => `child.${quoteName(column)}`)
  const same = columns.map(({ referenced }, at) => `parent.${quoteName(referenced)} = ${own[at]}`)
  // A key of which a column is NULL refers to nothing.
  const refers = own.map((column) => `${column} IS NOT NULL`)
  return (
    `FROM ${quoteName(schema)}.${quoteName(table)} child LEFT JOIN ${parent} parent ON ${same.join(' AND ')} ` +
    `WHERE ${refers.join(' AND ')} AND parent.${quoteName(columns[0]!.referenced)} IS NULL`
  )
}

function orphansFound(table: string, found: readonly Orphans[]): PhasegateError {
  return new PhasegateError({
    code: 'ENGINE.ORPHANS',
    message: `Rows refer to rows of ${table} that are not there: ${found.map((one) => `${one.count} of ${one.table}`).join(', ')}.`,
    why: `The tool was stopped between its swap and the foreign keys of others, which watched the old table until now; meanwhile rows of ${table} were deleted, or got another key. The foreign keys are in place again, and watch every write from now on.`,
    next: [
      ...found.map(({ query }) => `Look at them, and delete or correct them: ${query}`),
      'Then run the same command again: it removes what is left.',
    ],
    exit: EXIT.failed,
    meta: { table, orphans: found.map(({ table: child, count }) => ({ table: child, count })) },
  })
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
