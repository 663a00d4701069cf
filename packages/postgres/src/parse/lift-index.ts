import {
  findToken,
  insideBrackets,
  isComment,
  type Lifted,
  type MadeObjects,
  type SqlFragment,
  splitAtCommas,
  sql,
  tableNameOf,
  textOf,
} from '@phasegate/core'
import type { IndexElem, IndexStmt } from 'libpg-query'
import { quoteName } from '../quoting.js'
import { defaultName } from './default-names.js'
import { fitsOperation } from './lifted.js'
import { relationName } from './names.js'
import type { ParsedStatement } from './parse-statements.js'
import { readTokens } from './tokens.js'

/**
 * CREATE INDEX on a table that existed before becomes concurrent. ON ONLY, which a partitioned table needs and where nothing
 * is built, stays as it is.
 */
export function liftCreateIndex(
  statement: ParsedStatement,
  index: IndexStmt,
  made: MadeObjects,
): readonly Lifted[] | undefined {
  const table = relationName(index.relation)
  if (made.hasTable(table) || index.relation?.inh !== true || index.relation.catalogname !== undefined) return undefined
  const operation = asOperation(statement, index)
  if (operation !== undefined) return [operation]
  return index.concurrent === true ? undefined : [concurrentText(statement, index)]
}

function asOperation(statement: ParsedStatement, index: IndexStmt): Lifted | undefined {
  const carried =
    index.options === undefined &&
    index.tableSpace === undefined &&
    index.nulls_not_distinct !== true &&
    fitsOperation(relationName(index.relation)) &&
    index.if_not_exists !== true
  if (!carried) return undefined
  const tokens = readTokens(statement.text, statement.file, statement.line).filter((token) => !isComment(token))
  const open = findToken(tokens, '(', findToken(tokens, 'ON'))
  const written = splitAtCommas(insideBrackets(tokens, open))
  const columns: (string | SqlFragment)[] = []
  for (const [position, node] of (index.indexParams ?? []).entries()) {
    const element = 'IndexElem' in node ? node.IndexElem : {}
    if (!isBare(element)) return undefined
    columns.push(element.name ?? sql.raw(textOf(statement.text, written[position] ?? [])))
  }
  const include = (index.indexIncludingParams ?? []).flatMap((node) =>
    'IndexElem' in node && node.IndexElem.name !== undefined ? [node.IndexElem.name] : [],
  )
  const where = index.whereClause === undefined ? -1 : findToken(tokens, 'WHERE')
  return {
    operation: {
      kind: 'createIndex',
      table: tableNameOf(relationName(index.relation)),
      columns,
      ...(index.idxname === undefined ? {} : { name: index.idxname }),
      ...(index.unique === true ? { unique: true } : {}),
      ...(findToken(tokens, 'USING') === -1 ? {} : { method: index.accessMethod ?? 'btree' }),
      ...(include.length === 0 ? {} : { include }),
      ...(where === -1 ? {} : { where: sql.raw(textOf(statement.text, tokens.slice(where + 1))) }),
    },
  }
}

/** A column or expression alone: no order, operator class or collation, which the operation cannot carry. */
function isBare(element: IndexElem): boolean {
  return (
    element.collation === undefined &&
    element.opclass === undefined &&
    element.opclassopts === undefined &&
    (element.ordering ?? 'SORTBY_DEFAULT') === 'SORTBY_DEFAULT' &&
    (element.nulls_ordering ?? 'SORTBY_NULLS_DEFAULT') === 'SORTBY_NULLS_DEFAULT'
  )
}

/** The statement as written, with CONCURRENTLY, and with a name where it had none. */
function concurrentText(statement: ParsedStatement, index: IndexStmt): Lifted {
  const tokens = readTokens(statement.text, statement.file, statement.line).filter((token) => !isComment(token))
  const at = tokens[findToken(tokens, 'INDEX')]!.end
  const labels = (index.indexParams ?? []).map((node) =>
    'IndexElem' in node && node.IndexElem.name !== undefined ? node.IndexElem.name : 'expr',
  )
  const name = defaultName(relationName(index.relation).name, labels, 'idx')
  const inserted = index.idxname === undefined ? ` CONCURRENTLY ${quoteName(name)}` : ' CONCURRENTLY'
  return { statement: statement.text.slice(0, at) + inserted + statement.text.slice(at) }
}
