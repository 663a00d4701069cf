import type { QualifiedName } from '@phasegate/core'
import type { CreateStmt, IndexStmt, Node } from 'libpg-query'
import { defaultName } from '../default-names.js'
import { relationName } from '../names.js'
import { columnShape } from './add-column-facts.js'
import { columnsOf, readsColumns } from './columns-read.js'
import { readQuery } from './data-facts.js'
import type { FactsDraft } from './facts-draft.js'

/**
 * CREATE TABLE. The table is new, so nobody waits for it; its foreign keys take SHARE ROW EXCLUSIVE on the tables that they
 * reference, a partition ACCESS EXCLUSIVE on its parent, INHERITS SHARE UPDATE EXCLUSIVE (PostgreSQL docs: CREATE TABLE;
 * measured on PostgreSQL 14 to 18).
 */
export function readCreateTable(draft: FactsDraft, statement: CreateStmt): void {
  const table = relationName(statement.relation)
  createTable(draft, table, statement.if_not_exists === true)
  for (const parent of statement.inhRelations ?? []) {
    if (!('RangeVar' in parent)) continue
    const name = relationName(parent.RangeVar)
    readsColumns(draft, name, [], statement.partbound === undefined ? 'inherited from' : 'partitioned by')
    draft.lock(statement.partbound === undefined ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE', name)
  }
  for (const element of statement.tableElts ?? []) readElement(draft, table, element)
}

/** Records a new relation without a lock that anybody could feel. */
export function createTable(
  draft: FactsDraft,
  table: QualifiedName,
  ifNotExists: boolean,
  what = 'create table',
): void {
  draft.change({
    action: 'create',
    object: { type: what.includes('view') ? 'view' : 'table', ...table },
    what: ifNotExists ? `${what} if not exists` : what,
    onNew: !ifNotExists,
  })
}

function readElement(draft: FactsDraft, table: QualifiedName, element: Node): void {
  if ('TableLikeClause' in element) {
    const like = relationName(element.TableLikeClause.relation)
    readsColumns(draft, like, [], 'copied by like')
    draft.lock('ACCESS SHARE', like)
  }
  const constraints =
    'Constraint' in element
      ? [element.Constraint]
      : 'ColumnDef' in element
        ? columnShape(element.ColumnDef).constraints
        : []
  for (const constraint of constraints) {
    if (constraint.contype !== 'CONSTR_FOREIGN') continue
    const referenced = relationName(constraint.pktable)
    if (referenced.name === table.name && referenced.schema === table.schema) continue
    readsColumns(draft, referenced, [], 'referenced by foreign key')
    draft.lock('SHARE ROW EXCLUSIVE', referenced)
  }
}

/** CREATE TABLE … AS, SELECT … INTO, CREATE MATERIALIZED VIEW. */
export function readCreateTableAs(
  draft: FactsDraft,
  table: QualifiedName,
  query: unknown,
  what: string,
  ifNotExists: boolean,
): void {
  createTable(draft, table, ifNotExists, what)
  readQuery(draft, query)
}

/** SHARE keeps writers away while the index is built; CONCURRENTLY does not (PostgreSQL docs: CREATE INDEX). */
export function readCreateIndex(draft: FactsDraft, statement: IndexStmt): void {
  const table = relationName(statement.relation)
  const keys = (statement.indexParams ?? []).flatMap((node) => ('IndexElem' in node ? [node.IndexElem] : []))
  const columns = keys.flatMap((key) => (key.name === undefined ? columnsOf(key.expr) : [key.name]))
  const labels = keys.map((key) => key.name ?? 'expr')
  const concurrently = statement.concurrent === true
  draft.change({
    action: 'create',
    object: {
      type: 'index',
      ...(table.schema === undefined ? {} : { schema: table.schema }),
      name: statement.idxname ?? defaultName(table.name, labels, 'idx'),
    },
    what: `create ${statement.unique === true ? 'unique ' : ''}index${statement.if_not_exists === true ? ' if not exists' : ''}`,
    tightens: statement.unique === true,
    onNew: draft.made.hasTable(table),
    onNewColumn: columns.length > 0 && columns.every((column) => draft.made.hasColumn(table, column)),
    ...(concurrently ? { concurrently } : {}),
  })
  const included = (statement.indexIncludingParams ?? []).flatMap((node) =>
    'IndexElem' in node && node.IndexElem.name !== undefined ? [node.IndexElem.name] : [],
  )
  const used = [...new Set([...columns, ...included, ...columnsOf(statement.whereClause)])]
  readsColumns(draft, table, used, 'used by index')
  if (concurrently) draft.cannotShareTransaction()
  draft.lock(concurrently ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE', table, 'build')
}
