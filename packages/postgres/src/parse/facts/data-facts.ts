import { partOf } from '@phasegate/core'
import type { DeleteStmt, InsertStmt, MergeStmt, RangeVar, SelectStmt, UpdateStmt } from 'libpg-query'
import { actsUnseen, functionsCalled } from '../functions.js'
import { relationName } from '../names.js'
import { type AstValue, walkAst } from '../walk-ast.js'
import { readsColumns } from './columns-read.js'
import type { FactsDraft } from './facts-draft.js'

/**
 * SELECT, INSERT, UPDATE, DELETE, MERGE, with everything that stands in their WITH clauses. Writers hold ROW EXCLUSIVE,
 * which keeps no other statement from the table; UPDATE and DELETE keep other writers from the rows that they touch until
 * the transaction ends (PostgreSQL docs: Explicit Locking, "Row-Level Locks").
 */
export function readQuery(draft: FactsDraft, root: unknown): void {
  const named = commonTableNames(root)
  const written = new Set<unknown>()
  walkAst(root, (value, key) => {
    if (key === 'InsertStmt') readInsert(draft, value as InsertStmt, written)
    else if (key === 'UpdateStmt') readUpdate(draft, value as UpdateStmt, written)
    else if (key === 'DeleteStmt') readDelete(draft, value as DeleteStmt, written)
    else if (key === 'MergeStmt') readMerge(draft, value as MergeStmt, written)
    else if (key === 'SelectStmt') readSelectInto(draft, value as SelectStmt, written)
    else if (isRelation(value, key) && !written.has(value)) readRelation(draft, value, named, rowLock(root))
  })
}

/** A plain SELECT does nothing by itself, but what it calls may: `SELECT create_hypertable('t', 'at')`. */
export function readFunctionCalls(draft: FactsDraft, root: unknown): void {
  for (const name of functionsCalled(root)) {
    if (actsUnseen(name)) draft.opaque('call a function', name.join('.'))
  }
}

function isRelation(value: AstValue, key: string): boolean {
  return (key === 'RangeVar' || key === 'relation') && typeof value.relname === 'string'
}

function commonTableNames(root: unknown): Set<string> {
  const names = new Set<string>()
  walkAst(root, (value, key) => {
    if (key === 'CommonTableExpr' && typeof value.ctename === 'string') names.add(value.ctename)
  })
  return names
}

function rowLock(root: unknown): boolean {
  let locks = false
  walkAst(root, (_, key) => {
    if (key === 'LockingClause') locks = true
  })
  return locks
}

function readRelation(draft: FactsDraft, value: RangeVar, named: ReadonlySet<string>, locksRows: boolean): void {
  const table = relationName(value)
  if (table.schema === undefined && named.has(table.name)) return
  readsColumns(draft, table, [], locksRows ? 'lock rows' : 'select')
  if (locksRows) draft.lock('ROW SHARE', table, 'scan', 'writes')
  else draft.lock('ACCESS SHARE', table, 'scan')
}

function readInsert(draft: FactsDraft, statement: InsertStmt, written: Set<unknown>): void {
  const table = relationName(statement.relation)
  written.add(statement.relation)
  draft.change({
    action: 'write',
    object: { type: 'table', ...table },
    what: 'insert',
    onNew: draft.made.hasTable(table),
  })
  const select = statement.selectStmt !== undefined && 'SelectStmt' in statement.selectStmt
  const values =
    select && 'SelectStmt' in statement.selectStmt! && statement.selectStmt.SelectStmt.valuesLists !== undefined
  draft.lock('ROW EXCLUSIVE', table, select && !values ? 'scan' : 'instant')
}

function readUpdate(draft: FactsDraft, statement: UpdateStmt, written: Set<unknown>): void {
  const table = relationName(statement.relation)
  written.add(statement.relation)
  const columns = (statement.targetList ?? []).flatMap((node) =>
    'ResTarget' in node && node.ResTarget.name !== undefined ? [node.ResTarget.name] : [],
  )
  for (const column of new Set(columns)) {
    draft.change({
      action: 'write',
      object: partOf(table, 'column', column),
      what: 'update',
      onNew: draft.made.hasTable(table),
      onNewColumn: draft.made.hasColumn(table, column),
    })
  }
  draft.lock('ROW EXCLUSIVE', table, 'scan', 'writes')
}

function readDelete(draft: FactsDraft, statement: DeleteStmt, written: Set<unknown>): void {
  const table = relationName(statement.relation)
  written.add(statement.relation)
  draft.change({
    action: 'write',
    object: { type: 'table', ...table },
    what: 'delete',
    destroys: true,
    onNew: draft.made.hasTable(table),
  })
  draft.lock('ROW EXCLUSIVE', table, 'scan', 'writes')
}

function readMerge(draft: FactsDraft, statement: MergeStmt, written: Set<unknown>): void {
  const table = relationName(statement.relation)
  written.add(statement.relation)
  const deletes = (statement.mergeWhenClauses ?? []).some(
    (node) => 'MergeWhenClause' in node && node.MergeWhenClause.commandType === 'CMD_DELETE',
  )
  draft.change({
    action: 'write',
    object: { type: 'table', ...table },
    what: 'merge',
    destroys: deletes,
    onNew: draft.made.hasTable(table),
  })
  draft.lock('ROW EXCLUSIVE', table, 'scan', 'writes')
}

function readSelectInto(draft: FactsDraft, statement: SelectStmt, written: Set<unknown>): void {
  const target = statement.intoClause?.rel
  if (target === undefined) return
  written.add(target)
  draft.change({
    action: 'create',
    object: { type: 'table', ...relationName(target) },
    what: 'create table as',
    onNew: true,
  })
}
