import { objectName, shortHash } from '../operations/object-name.js'
import { inSchemaOf, quoteTable, type TableReference } from '../operations/table-reference.js'
import type { ParsedStatement } from '../parse/parse-statements.js'
import { readTokens } from '../parse/tokens.js'
import { postgresQuoting, quoteName } from '../quoting.js'

/** A concurrent build as its syntax tree says it. */
export interface ConcurrentIndex {
  readonly table: TableReference
  readonly name: string | undefined
  readonly unique: boolean
  readonly partial: boolean
  readonly method: string
  /** Key columns, then included ones; undefined for an expression. */
  readonly columns: readonly (string | undefined)[]
}

/** What a statement builds concurrently; undefined for any other statement. */
export function concurrentIndex({ node }: ParsedStatement): ConcurrentIndex | undefined {
  if (!('IndexStmt' in node)) return undefined
  const index = node.IndexStmt
  if (index.concurrent !== true) return undefined
  const elements = [...(index.indexParams ?? []), ...(index.indexIncludingParams ?? [])]
  const schema = index.relation?.schemaname
  return {
    table: { ...(schema === undefined ? {} : { schema }), name: index.relation?.relname ?? '' },
    name: index.idxname === undefined || index.idxname === '' ? undefined : index.idxname,
    unique: index.unique === true,
    partial: index.whereClause !== undefined,
    method: index.accessMethod ?? 'btree',
    columns: elements.map((element) => ('IndexElem' in element ? element.IndexElem.name : undefined)),
  }
}

/**
 * The same statement with a name in it, where the author gave none: the server would choose a new one on each attempt,
 * and what a failed one left would not be found again.
 */
export function namedConcurrentIndex(statement: ParsedStatement): string {
  const index = concurrentIndex(statement)
  if (index === undefined || index.name !== undefined) return statement.text
  const tokens = readTokens(statement.text, statement.file)
  const before = tokens.find((token) => token.keyword === 'ON')!.start
  const keys = index.columns.map((column) => column ?? `expr_${shortHash(statement.text)}`)
  const name = quoteName(objectName([index.table.name, ...keys], 'idx'))
  return `${statement.text.slice(0, before)}${name} ${statement.text.slice(before)}`
}

/**
 * Asks the catalog whether the build happened: `done`, `absent`, `invalid` (a failed attempt, to be dropped first), or
 * `conflict: …` for another thing of that name. `IF NOT EXISTS` would keep an invalid index without a word. Keys that are
 * expressions, sort orders and operator classes are not compared.
 */
export function indexProbe(index: ConcurrentIndex & { readonly name: string }): string {
  const text = (value: string): string => postgresQuoting.literal(value)
  const table = `pg_catalog.to_regclass(${text(quoteTable(index.table))})`
  const columns = index.columns.map((column) => text(column ?? '(expression)')).join(', ')
  const other = (what: string): string => text(`conflict: ${index.name} is ${what}`)
  return `SELECT coalesce((
  SELECT CASE
    WHEN i.indexrelid IS NULL THEN ${other('not an index')}
    WHEN i.indrelid <> ${table} THEN ${other('an index of another table')}
    WHEN NOT i.indisvalid THEN 'invalid'
    WHEN i.indisunique <> ${index.unique} THEN ${other(index.unique ? 'not unique' : 'unique')}
    WHEN (i.indpred IS NOT NULL) <> ${index.partial} THEN ${other(index.partial ? 'not partial' : 'partial')}
    WHEN m.amname <> ${text(index.method)} THEN ${other(`not of method ${index.method}`)}
    WHEN ARRAY(
      SELECT coalesce(a.attname::text, '(expression)')
      FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
      ORDER BY k.place
    ) <> ARRAY[${columns}]::text[] THEN ${other('an index on other columns')}
    ELSE 'done'
  END
  FROM pg_catalog.pg_class c
  LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
  LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
  WHERE c.relname = ${text(index.name)}
    AND c.relnamespace = (SELECT t.relnamespace FROM pg_catalog.pg_class t WHERE t.oid = ${table})
), 'absent')`
}

/** Removes what a failed build left. */
export function indexCleanup(index: ConcurrentIndex & { readonly name: string }): string {
  return `DROP INDEX CONCURRENTLY IF EXISTS ${inSchemaOf(index.table, index.name)}`
}

/**
 * For DROP INDEX CONCURRENTLY: `done` when the index is gone. One that a failed drop left invalid counts as not dropped
 * yet, and the same statement drops it. Undefined for any other statement.
 */
export function dropIndexProbe({ node }: ParsedStatement): string | undefined {
  if (!('DropStmt' in node) || node.DropStmt.concurrent !== true) return undefined
  const object = node.DropStmt.objects?.[0]
  if (object === undefined || !('List' in object)) return undefined
  const names = (object.List.items ?? []).flatMap((item) => ('String' in item ? [item.String.sval ?? ''] : []))
  const index = postgresQuoting.literal(postgresQuoting.identifier(names))
  return `SELECT CASE WHEN pg_catalog.to_regclass(${index}) IS NULL THEN 'done' ELSE 'absent' END`
}
