import { type EngineTable, EXIT, PhasegateError, type Session } from '@phasegate/core'
import { MAX_IDENTIFIER_LENGTH, quoteName } from '../quoting.js'
import { readCatalog } from './read-catalog.js'

interface KeyRow {
  readonly constraint: string
  readonly schema: string
  readonly table: string
  readonly column: string
  readonly referenced: string
  readonly onDelete: string
  readonly onUpdate: string
  readonly [key: string]: unknown
}

type Key = readonly KeyRow[]

/**
 * Foreign keys of others that point at what is to go are turned to the table itself: a tool that makes them anew, before its swap or
 * behind it, may be killed in between (pt-online-schema-change from 3.4 on does it before, 3.2 behind). Like the tool, this gives them
 * another name, as the server knows no way to keep it: `_name` for `name`, and back.
 *
 * They are turned without a look at the rows, which no writer then waits for. Behind a swap the keys still watched the old table,
 * so that a row may refer to one that was deleted meanwhile. Such rows are looked for each time, whoever turned the keys and
 * was killed before it could tell: what a row refers to is in a table that is to go, and not in the table.
 *
 * @throws `ENGINE.ORPHANS`, when all keys are turned
 */
export async function turnForeignKeys(
  session: Session,
  { schema, name }: Pick<EngineTable, 'schema' | 'name'>,
  from: readonly string[],
): Promise<void> {
  if (from.length === 0) return
  const to = `${quoteName(schema)}.${quoteName(name)}`
  const moved = await keysAt(session, schema, from, from)
  await session.query('SET SESSION foreign_key_checks = 0')
  try {
    for (const key of moved) await session.query(turned(to, key))
  } finally {
    await session.query('SET SESSION foreign_key_checks = 1')
  }
  const found: Orphans[] = []
  for (const key of await keysAt(session, schema, [name], from))
    for (const gone of await holding(session, schema, from, key)) {
      const { schema: at, table } = key[0]!
      const query = orphansOf(key, to, `${quoteName(schema)}.${quoteName(gone)}`)
      const [row] = await session.query<{ orphans: number | string; [key: string]: unknown }>(
        `SELECT COUNT(*) AS orphans ${query}`,
      )
      const count = Number(row?.orphans ?? 0)
      if (count > 0) found.push({ table: `${at}.${table}`, count, query: `SELECT child.* ${query}` })
    }
  if (found.length > 0) throw orphansFound(name, found)
}

/** Foreign keys that point at one of `tables`, but for those of `but`: the tool's own. */
async function keysAt(
  session: Session,
  schema: string,
  tables: readonly string[],
  but: readonly string[],
): Promise<readonly Key[]> {
  const rows = await readCatalog<KeyRow>(
    session,
    `SELECT r.constraint_name AS \`constraint\`, r.constraint_schema AS \`schema\`, r.table_name AS \`table\`,
       k.column_name AS \`column\`, k.referenced_column_name AS referenced,
       r.delete_rule AS onDelete, r.update_rule AS onUpdate
     FROM information_schema.referential_constraints r
     JOIN information_schema.key_column_usage k ON k.constraint_schema = r.constraint_schema
       AND k.constraint_name = r.constraint_name AND k.table_name = r.table_name
     WHERE r.unique_constraint_schema = ? AND r.referenced_table_name IN (?)
       AND NOT (r.constraint_schema = ? AND r.table_name IN (?))
     ORDER BY r.constraint_schema, r.constraint_name, k.ordinal_position`,
    [schema, tables, schema, but],
  )
  const identity = (row: KeyRow): string => JSON.stringify([row.schema, row.table, row.constraint])
  return [...new Set(rows.map(identity))].map((key) => rows.filter((row) => identity(row) === key))
}

/** Those of `tables` that have all columns to which the key refers. */
async function holding(
  session: Session,
  schema: string,
  tables: readonly string[],
  key: Key,
): Promise<readonly string[]> {
  const columns = key.map(({ referenced }) => referenced)
  const rows = await readCatalog<{ name: string }>(
    session,
    `SELECT table_name AS name FROM information_schema.columns
     WHERE table_schema = ? AND table_name IN (?) AND column_name IN (?) GROUP BY table_name HAVING COUNT(*) = ?`,
    [schema, tables, columns, columns.length],
  )
  return rows.map((row) => row.name)
}

interface Orphans {
  readonly table: string
  readonly count: number
  readonly query: string
}

function orphansOf(key: Key, parent: string, gone: string): string {
  const { schema, table, referenced } = key[0]!
  const refersTo = (of: string): string =>
    key.map((row) => `${of}.${quoteName(row.referenced)} = child.${quoteName(row.column)}`).join(' AND ')
  // A key of which a column is NULL refers to nothing, and is like no row of the table that is to go.
  return (
    `FROM ${quoteName(schema)}.${quoteName(table)} child LEFT JOIN ${parent} parent ON ${refersTo('parent')} ` +
    `WHERE parent.${quoteName(referenced)} IS NULL AND EXISTS (SELECT 1 FROM ${gone} gone WHERE ${refersTo('gone')})`
  )
}

function orphansFound(table: string, found: readonly Orphans[]): PhasegateError {
  return new PhasegateError({
    code: 'ENGINE.ORPHANS',
    message: `Rows refer to rows of ${table} that are not there: ${found.map((one) => `${one.count} of ${one.table}`).join(', ')}.`,
    why: `The tool was stopped between its swap and the foreign keys of others, which watched the old table until now; meanwhile rows of ${table} were deleted, or got another key. The foreign keys are in place again, and watch every write from now on.`,
    next: [
      ...found.map(({ query }) => `Look at them, and delete or correct them: ${query}`),
      'Then run the same command again: it looks once more, and removes the old table.',
    ],
    exit: EXIT.failed,
    meta: { table, orphans: found.map(({ table: child, count }) => ({ table: child, count })) },
  })
}

function turned(to: string, key: Key): string {
  const { schema, table, constraint, onDelete, onUpdate } = key[0]!
  const list = (of: 'column' | 'referenced'): string => key.map((row) => quoteName(row[of])).join(', ')
  return (
    `ALTER TABLE ${quoteName(schema)}.${quoteName(table)} DROP FOREIGN KEY ${quoteName(constraint)}, ` +
    `ADD CONSTRAINT ${quoteName(otherName(constraint))} FOREIGN KEY (${list('column')}) ` +
    `REFERENCES ${to} (${list('referenced')}) ON DELETE ${onDelete} ON UPDATE ${onUpdate}`
  )
}

function otherName(name: string): string {
  return name.startsWith('_') ? name.slice(1) : `_${name}`.slice(0, MAX_IDENTIFIER_LENGTH)
}
