import { partOf, type QualifiedName } from '@phasegate/core'
import { functionKind } from '../functions.js'
import type { QueryFacts, StatementNode } from '../statement-tree.js'
import { readsColumns } from './columns-read.js'
import type { FactsDraft } from './facts-draft.js'

type NodeOf<K extends StatementNode['kind']> = Extract<StatementNode, { kind: K }>

/**
 * SELECT, INSERT, UPDATE, DELETE, REPLACE. Their locks keep no other statement from the table; UPDATE and DELETE keep other
 * writers from the rows that they touch until the transaction ends (MySQL Reference Manual, "InnoDB Locking").
 */
export function readData(
  draft: FactsDraft,
  statement: NodeOf<'select' | 'insert' | 'update' | 'delete' | 'replace'>,
): void {
  draft.mayRollBack()
  switch (statement.kind) {
    case 'select':
      readSelect(draft, statement)
      break
    case 'update':
      for (const table of statement.tables) readUpdate(draft, table, statement.columns)
      break
    case 'insert':
      for (const table of statement.tables) written(draft, table, 'insert', false, statement.query.hasSubquery)
      break
    case 'replace':
      // A row with the same key is deleted first, with what the statement does not say of it.
      for (const table of statement.tables) written(draft, table, 'replace', true, true)
      break
    case 'delete':
      for (const table of statement.tables) written(draft, table, 'delete', true, true)
  }
  const own = statement.tables
  const others = statement.query.tables.filter(
    ({ schema, name }) => !own.some((table) => table.name === name && table.schema === schema),
  )
  for (const table of others) readTable(draft, table, statement.query)
}

/** A plain SELECT does nothing by itself, but a stored function that it calls may. */
function readSelect(draft: FactsDraft, { tables, query }: NodeOf<'select'>): void {
  for (const table of tables) readTable(draft, table, query)
  for (const name of query.functions) {
    if (functionKind(name) === 'unknown') draft.opaque('call a function', name.toLowerCase())
  }
}

function readTable(draft: FactsDraft, table: QualifiedName, { locksRows }: QueryFacts): void {
  readsColumns(draft, table, [], locksRows ? 'lock rows' : 'select')
  if (locksRows) draft.lock('SHARED_WRITE', table, 'scan', 'writes')
  else draft.lock('SHARED_READ', table, 'scan')
}

function readUpdate(draft: FactsDraft, table: QualifiedName, columns: readonly string[]): void {
  for (const column of columns) {
    draft.change({
      action: 'write',
      object: partOf(table, 'column', column),
      what: 'update',
      onNew: draft.made.hasTable(table),
      onNewColumn: draft.made.hasColumn(table, column),
    })
  }
  draft.lock('SHARED_WRITE', table, 'scan', 'writes')
}

/** @param rows rows that are there are read or changed; else new ones alone are written */
function written(draft: FactsDraft, table: QualifiedName, what: string, destroys: boolean, rows: boolean): void {
  const onNew = draft.made.hasTable(table)
  draft.change({ action: 'write', object: { type: 'table', ...table }, what, destroys, onNew })
  if (destroys) draft.lock('SHARED_WRITE', table, 'scan', 'writes')
  else draft.lock('SHARED_WRITE', table, rows ? 'scan' : 'instant')
}
