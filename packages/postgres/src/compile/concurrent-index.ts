import { objectName, type QualifiedName, shortHash } from '@phasegate/core'
import type { IndexElem, Node } from 'libpg-query'
import { inSchemaOf, quoteTable } from '../operations/table-reference.js'
import { strings } from '../parse/names.js'
import type { ParsedStatement } from '../parse/parse-statements.js'
import { readTokens } from '../parse/tokens.js'
import { MAX_IDENTIFIER_BYTES, postgresQuoting, quoteName } from '../quoting.js'

/** A concurrent build as its syntax tree says it. */
export interface ConcurrentIndex {
  readonly table: QualifiedName
  readonly name: string | undefined
  readonly unique: boolean
  readonly partial: boolean
  readonly nullsNotDistinct: boolean
  readonly method: string
  readonly keys: readonly IndexKey[]
  readonly included: readonly string[]
  /** `IF NOT EXISTS`: the author's word that what has this name will do. */
  readonly mayExist: boolean
}

interface IndexKey {
  /** Undefined for an expression. */
  readonly column: string | undefined
  /** As `pg_index.indoption` has it: 1 descending, 2 nulls first. */
  readonly option: number
  /** Undefined: the default of the column's type, the collation of the column. */
  readonly opclass: string | undefined
  readonly collation: string | undefined
}

/** What a statement builds concurrently; undefined for any other statement. */
export function concurrentIndex({ node }: ParsedStatement): ConcurrentIndex | undefined {
  if (!('IndexStmt' in node)) return undefined
  const index = node.IndexStmt
  if (index.concurrent !== true) return undefined
  const elements = (nodes: readonly Node[] | undefined): readonly IndexElem[] =>
    (nodes ?? []).flatMap((element) => ('IndexElem' in element ? [element.IndexElem] : []))
  const schema = index.relation?.schemaname
  return {
    table: { ...(schema === undefined ? {} : { schema }), name: index.relation?.relname ?? '' },
    name: index.idxname === undefined || index.idxname === '' ? undefined : index.idxname,
    unique: index.unique === true,
    partial: index.whereClause !== undefined,
    nullsNotDistinct: index.nulls_not_distinct === true,
    method: index.accessMethod ?? 'btree',
    keys: elements(index.indexParams).map(indexKey),
    included: elements(index.indexIncludingParams).map(({ name }) => name ?? ''),
    mayExist: index.if_not_exists === true,
  }
}

function indexKey({ name, ordering, nulls_ordering, opclass, collation }: IndexElem): IndexKey {
  const descending = ordering === 'SORTBY_DESC'
  const nullsFirst = nulls_ordering === 'SORTBY_NULLS_FIRST' || (descending && nulls_ordering !== 'SORTBY_NULLS_LAST')
  return {
    column: name,
    option: (descending ? 1 : 0) + (nullsFirst ? 2 : 0),
    opclass: strings(opclass).at(-1),
    collation: strings(collation).at(-1),
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
  const named = [...index.keys.map(({ column }) => column), ...index.included]
  const keys = named.map((column) => column ?? `expr_${shortHash(statement.text)}`)
  const name = quoteName(objectName([index.table.name, ...keys], 'idx', MAX_IDENTIFIER_BYTES))
  return `${statement.text.slice(0, before)}${name} ${statement.text.slice(before)}`
}

/**
 * Asks the catalog whether the build happened: `done`, `absent`, `invalid` (a failed attempt, to be dropped first), or
 * `conflict: …` for another thing of that name. `IF NOT EXISTS` would keep an invalid index without a word.
 *
 * The server keeps expressions and conditions in its own words, which cannot be compared with the author's. So an index
 * with any is ours only if the journal says that this very statement was begun.
 *
 * @param statement the build, as the journal holds it
 */
export function indexProbe(index: ConcurrentIndex & { readonly name: string }, statement: string): string {
  const text = (value: string): string => postgresQuoting.literal(value)
  const other = (what: string): string => text(`conflict: ${index.name} is ${what}`)
  const table = `pg_catalog.to_regclass(${text(quoteTable(index.table))})`
  const list = (values: readonly (string | undefined)[]): string =>
    values.map((value) => (value === undefined ? 'NULL' : text(value))).join(', ')
  const columns = list([...index.keys.map(({ column }) => column ?? '(expression)'), ...index.included])
  const opaque = index.partial || index.keys.some(({ column }) => column === undefined)
  const unknown =
    opaque && !index.mayExist
      ? `WHEN NOT EXISTS (SELECT FROM phasegate.step s WHERE s.state = 'started' AND s.statement = ${text(statement)})
      THEN ${other('there already, and its expression or condition cannot be compared with this one')}`
      : ''
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
    WHEN i.indnkeyatts <> ${index.keys.length} THEN ${other('an index with other included columns')}
    WHEN coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) <> ${index.nullsNotDistinct}
      THEN ${other(`${index.nullsNotDistinct ? 'not ' : ''}NULLS NOT DISTINCT`)}
    WHEN EXISTS (
      SELECT FROM ROWS FROM (
        pg_catalog.unnest(ARRAY[${index.keys.map(({ option }) => option).join(', ')}]),
        pg_catalog.unnest(ARRAY[${list(index.keys.map(({ opclass }) => opclass))}]::text[]),
        pg_catalog.unnest(ARRAY[${list(index.keys.map(({ collation }) => collation))}]::text[])
      ) WITH ORDINALITY AS k (options, class, locale, place)
      JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[k.place::int - 1]
      LEFT JOIN pg_catalog.pg_collation l ON l.oid = i.indcollation[k.place::int - 1]
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.place::int - 1]
      WHERE i.indoption[k.place::int - 1] <> k.options
        OR CASE WHEN k.class IS NULL THEN NOT o.opcdefault ELSE o.opcname <> k.class END
        OR CASE WHEN k.locale IS NULL THEN i.indcollation[k.place::int - 1] <> a.attcollation
             ELSE l.collname IS DISTINCT FROM k.locale END
    ) THEN ${other('an index with another sort order, operator class or collation')}
    ${unknown}
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
