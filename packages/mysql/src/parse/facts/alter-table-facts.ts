import { type Change, displayName, partOf, type QualifiedName } from '@phasegate/core'
import { alterTableWork } from '../clause-work.js'
import { defaultCheckName, defaultForeignKeyName, defaultIndexName, indexOf } from '../default-names.js'
import type { AlterClause, AlterTable, ForeignKeyDefinition, IndexDefinition } from '../statement-tree.js'
import { readAddColumn } from './add-column-facts.js'
import { columnsOf, readsColumns } from './columns-read.js'
import type { FactsDraft } from './facts-draft.js'
import { readRenamed } from './rename-facts.js'

/** What the column is today is not in the file, so that only the author and the server know. */
const NAME_THE_ALGORITHM =
  'Or, where the change needs no copy, say so: with ALGORITHM=INSTANT, or ALGORITHM=INPLACE, LOCK=NONE, at its end the server refuses instead of copying.'

/** The facts of an ALTER TABLE, one change a clause; what it locks follows from all of them together. */
export function readAlterTable(draft: FactsDraft, statement: AlterTable): void {
  const work = alterTableWork(statement, draft.can)
  for (const clause of statement.clauses) readClause(draft, statement.table, clause, !work.blocksWrites)
  draft.work(work, statement.table, statement.online)
  if (statement.online.algorithm === undefined && statement.clauses.some(({ kind }) => kind === 'change column'))
    draft.instead(NAME_THE_ALGORITHM)
}

/** @param online an index is built, or goes, beside traffic */
function readClause(draft: FactsDraft, table: QualifiedName, clause: AlterClause, online: boolean): void {
  const onNew = draft.made.hasTable(table)
  const column = (name: string, what: string, more: Partial<Change> = {}): void => {
    const onNewColumn = draft.made.hasColumn(table, name)
    draft.change({ action: 'alter', object: partOf(table, 'column', name), what, onNew, onNewColumn, ...more })
  }
  const ofTable = (what: string, more: Partial<Change> = {}): void =>
    draft.change({ action: 'alter', object: { type: 'table', ...table }, what, onNew, ...more })
  const constraint = (name: string, what: string, more: Partial<Change> = {}): void =>
    draft.change({ action: 'alter', object: partOf(table, 'constraint', name), what, onNew, ...more })

  switch (clause.kind) {
    case 'add column':
      readAddColumn(draft, table, clause.column, clause.ifNotExists)
      break
    case 'drop column':
      column(clause.column, 'drop column', { action: 'drop', destroys: true })
      break
    case 'rename column':
      readRenamed(draft, partOf(table, 'column', clause.column), { name: clause.to }, table)
      break
    case 'change column':
      if (!sameName(clause.column, clause.definition.name)) {
        readRenamed(draft, partOf(table, 'column', clause.column), { name: clause.definition.name }, table)
      }
      column(clause.column, 'alter type', { tightens: true })
      break
    case 'set default':
      column(clause.column, 'set default')
      break
    case 'drop default':
      // Inserts of the old code that leave the column out are rejected from now on, or write NULL.
      column(clause.column, 'drop default', { tightens: true })
      break
    case 'set not null': {
      const isNew = draft.made.hasColumn(table, clause.column)
      // The old code does not write a column of this file; with a default its inserts stay good.
      const tightens = !(isNew && draft.made.columnHasDefault(table, clause.column))
      column(clause.column, 'set not null', { tightens })
      break
    }
    case 'drop not null':
      column(clause.column, 'drop not null')
      break
    case 'column visibility':
      // An invisible column is gone from SELECT * and from INSERT without a list of columns.
      column(clause.column, clause.visible ? 'show column' : 'hide column', { destroys: !clause.visible })
      break
    case 'add index':
      readNewIndex(draft, table, clause.index, clause.ifNotExists, online)
      break
    case 'add primary key':
      constraint('PRIMARY', 'add primary key', {
        action: 'create',
        tightens: true,
        onNewColumn: allNew(draft, table, clause.columns),
      })
      readsColumns(draft, table, clause.columns, 'used by constraint')
      break
    case 'drop index':
      readDroppedIndex(draft, table, clause.name, online)
      break
    case 'drop primary key':
      constraint('PRIMARY', 'drop primary key', { action: 'drop' })
      break
    case 'rename index':
      readRenamed(draft, indexOf(table, clause.name), { name: clause.to }, table)
      break
    case 'index visibility': {
      const what = clause.visible ? 'show index' : 'hide index'
      draft.change({ action: 'alter', object: indexOf(table, clause.name), what, onNew })
      break
    }
    case 'add foreign key':
      readForeignKey(draft, table, clause.foreignKey)
      break
    case 'drop foreign key':
      constraint(clause.name, 'drop foreign key', { action: 'drop' })
      break
    case 'drop constraint':
      constraint(clause.name, 'drop constraint', { action: 'drop' })
      break
    case 'add check': {
      const columns = columnsOf(clause.expression)
      const what = clause.enforced ? 'add check' : 'add check not enforced'
      const onNewColumn = allNew(draft, table, columns)
      const name = clause.name ?? defaultCheckName(table)
      constraint(name, what, { action: 'create', tightens: clause.enforced, onNewColumn })
      readsColumns(draft, table, columns, 'used by constraint')
      break
    }
    case 'alter check': {
      const what = clause.enforced ? 'enforce constraint' : 'alter constraint'
      constraint(clause.name, what, { tightens: clause.enforced })
      break
    }
    case 'rename table':
      readRenamed(draft, { type: 'table', ...table }, clause.to, table)
      break
    case 'table option':
      ofTable(`set ${clause.option}`)
      break
    case 'rebuild':
      // Another character set may not hold every character that the old code writes.
      ofTable(clause.what, { tightens: clause.what === 'convert to character set' })
      break
    case 'partition':
      ofTable(clause.what, { destroys: clause.destroys })
      break
  }
}

/** Names of columns are the same in any case. */
function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function allNew(draft: FactsDraft, table: QualifiedName, columns: readonly string[]): boolean {
  return columns.length > 0 && columns.every((column) => draft.made.hasColumn(table, column))
}

/** CREATE INDEX, and ADD INDEX; a unique constraint is its index. */
export function readNewIndex(
  draft: FactsDraft,
  table: QualifiedName,
  index: IndexDefinition,
  ifNotExists: boolean,
  online: boolean,
): void {
  const columns = index.keys.flatMap(({ column, text }) => (column === undefined ? columnsOf(text) : [column]))
  draft.change({
    action: 'create',
    object: indexOf(table, index.name ?? defaultIndexName(index.columns)),
    what: `create ${index.kind === 'index' ? '' : `${index.kind} `}index${ifNotExists ? ' if not exists' : ''}`,
    tightens: index.kind === 'unique',
    onNew: draft.made.hasTable(table),
    onNewColumn: allNew(draft, table, columns),
    ...(online ? { concurrently: true } : {}),
  })
  readsColumns(draft, table, [...new Set(columns)], 'used by index')
}

export function readDroppedIndex(draft: FactsDraft, table: QualifiedName, name: string, online: boolean): void {
  draft.change({
    action: 'drop',
    object: indexOf(table, name),
    what: 'drop index',
    destroys: true,
    onNew: draft.made.hasTable(table),
    ...(online ? { concurrently: true } : {}),
  })
}

function readForeignKey(draft: FactsDraft, table: QualifiedName, foreignKey: ForeignKeyDefinition): void {
  draft.change({
    action: 'create',
    object: partOf(table, 'constraint', foreignKey.name ?? defaultForeignKeyName(table)),
    what: 'add foreign key',
    tightens: true,
    onNew: draft.made.hasTable(table),
    onNewColumn: allNew(draft, table, foreignKey.columns),
  })
  readsColumns(draft, foreignKey.references, foreignKey.referencedColumns, 'referenced by foreign key')
  if (displayName(foreignKey.references) !== displayName(table)) {
    readsColumns(draft, table, foreignKey.columns, 'used by constraint')
  }
}
