import type { DatabaseObject } from '@phasegate/core'
import type { AlterTableCmd, AlterTableStmt, AlterTableType } from 'libpg-query'
import { displayName, namePartsOf, partOf, type QualifiedName, relationName } from '../names.js'
import { readAddColumn } from './add-column-facts.js'
import { columnsOf, readsColumns } from './columns-read.js'
import { readConstraint } from './constraint-facts.js'
import type { Duration, FactsDraft, LockMode } from './facts-draft.js'

/** What a clause is about: the column it names, a constraint or trigger of that name, or the table itself. */
type Subject = 'column' | 'constraint' | 'trigger' | 'table' | 'rule'

interface Clause {
  readonly what: string
  readonly on: Subject
  readonly lock: LockMode
  readonly duration?: Duration
  readonly destroys?: true
  readonly tightens?: true
}

const exclusive = 'ACCESS EXCLUSIVE'
const update = 'SHARE UPDATE EXCLUSIVE'
const rowExclusive = 'SHARE ROW EXCLUSIVE'

/**
 * Clauses that need no look at their arguments. Lock modes: PostgreSQL docs, ALTER TABLE (each form says its own, else
 * ACCESS EXCLUSIVE); durations measured on PostgreSQL 14 to 18, where they are the same.
 */
const CLAUSES: Partial<Record<AlterTableType, Clause>> = {
  AT_DropNotNull: { what: 'drop not null', on: 'column', lock: exclusive },
  AT_SetExpression: { what: 'set expression', on: 'column', lock: exclusive, duration: 'rewrite' },
  AT_DropExpression: { what: 'drop expression', on: 'column', lock: exclusive, tightens: true },
  AT_SetStatistics: { what: 'set statistics', on: 'column', lock: update },
  AT_SetOptions: { what: 'set column options', on: 'column', lock: update },
  AT_ResetOptions: { what: 'reset column options', on: 'column', lock: update },
  AT_SetStorage: { what: 'set storage', on: 'column', lock: exclusive },
  AT_SetCompression: { what: 'set compression', on: 'column', lock: exclusive },
  AT_DropColumn: { what: 'drop column', on: 'column', lock: exclusive, destroys: true },
  // Without the catalog the old type is unknown, and most changes of type write the table anew.
  AT_AlterColumnType: { what: 'alter type', on: 'column', lock: exclusive, duration: 'rewrite', tightens: true },
  AT_AlterColumnGenericOptions: { what: 'set column options', on: 'column', lock: exclusive },
  AT_AddIdentity: { what: 'add identity', on: 'column', lock: exclusive },
  AT_SetIdentity: { what: 'set identity', on: 'column', lock: exclusive },
  AT_DropIdentity: { what: 'drop identity', on: 'column', lock: exclusive, tightens: true },
  AT_ValidateConstraint: { what: 'validate constraint', on: 'constraint', lock: update, duration: 'scan' },
  AT_DropConstraint: { what: 'drop constraint', on: 'constraint', lock: exclusive },
  AT_EnableTrig: { what: 'enable trigger', on: 'trigger', lock: rowExclusive },
  AT_EnableAlwaysTrig: { what: 'enable trigger', on: 'trigger', lock: rowExclusive },
  AT_EnableReplicaTrig: { what: 'enable trigger', on: 'trigger', lock: rowExclusive },
  AT_EnableTrigAll: { what: 'enable trigger', on: 'trigger', lock: rowExclusive },
  AT_EnableTrigUser: { what: 'enable trigger', on: 'trigger', lock: rowExclusive },
  AT_DisableTrig: { what: 'disable trigger', on: 'trigger', lock: rowExclusive, destroys: true },
  AT_DisableTrigAll: { what: 'disable trigger', on: 'trigger', lock: rowExclusive, destroys: true },
  AT_DisableTrigUser: { what: 'disable trigger', on: 'trigger', lock: rowExclusive, destroys: true },
  AT_EnableRule: { what: 'enable rule', on: 'rule', lock: exclusive },
  AT_EnableAlwaysRule: { what: 'enable rule', on: 'rule', lock: exclusive },
  AT_EnableReplicaRule: { what: 'enable rule', on: 'rule', lock: exclusive },
  AT_DisableRule: { what: 'disable rule', on: 'rule', lock: exclusive, destroys: true },
  AT_ChangeOwner: { what: 'change owner', on: 'table', lock: exclusive, tightens: true },
  AT_ClusterOn: { what: 'cluster on', on: 'table', lock: update },
  AT_DropCluster: { what: 'set without cluster', on: 'table', lock: update },
  AT_DropOids: { what: 'set without oids', on: 'table', lock: exclusive },
  AT_SetLogged: { what: 'set logged', on: 'table', lock: exclusive, duration: 'rewrite' },
  AT_SetUnLogged: { what: 'set unlogged', on: 'table', lock: exclusive, duration: 'rewrite' },
  AT_SetAccessMethod: { what: 'set access method', on: 'table', lock: exclusive, duration: 'rewrite' },
  AT_SetTableSpace: { what: 'set tablespace', on: 'table', lock: exclusive, duration: 'rewrite' },
  AT_AddOf: { what: 'of type', on: 'table', lock: exclusive },
  AT_DropOf: { what: 'not of', on: 'table', lock: exclusive },
  AT_ReplicaIdentity: { what: 'replica identity', on: 'table', lock: exclusive },
  AT_EnableRowSecurity: { what: 'enable row security', on: 'table', lock: exclusive, tightens: true },
  AT_DisableRowSecurity: { what: 'disable row security', on: 'table', lock: exclusive },
  AT_ForceRowSecurity: { what: 'force row security', on: 'table', lock: exclusive, tightens: true },
  AT_NoForceRowSecurity: { what: 'no force row security', on: 'table', lock: exclusive },
  AT_GenericOptions: { what: 'set options', on: 'table', lock: exclusive },
}

/** The facts of an ALTER TABLE (INDEX, VIEW, SEQUENCE, TYPE … that share its syntax), one change a clause. */
export function readAlterTable(draft: FactsDraft, statement: AlterTableStmt): void {
  const table = relationName(statement.relation)
  for (const node of statement.cmds ?? []) {
    if (!('AlterTableCmd' in node)) continue
    if (statement.objtype === 'OBJECT_TABLE' || statement.objtype === 'OBJECT_FOREIGN_TABLE') {
      readClause(draft, table, node.AlterTableCmd)
    } else {
      readOther(draft, statement, table, node.AlterTableCmd)
    }
  }
}

function readClause(draft: FactsDraft, table: QualifiedName, clause: AlterTableCmd): void {
  const onNew = draft.made.hasTable(table)
  const def = clause.def
  const type = clause.subtype ?? 'AT_DropOids'
  if (type === 'AT_AddColumn' && def !== undefined && 'ColumnDef' in def) {
    return readAddColumn(draft, table, def.ColumnDef, clause.missing_ok === true)
  }
  if (type === 'AT_AddConstraint' && def !== undefined && 'Constraint' in def) {
    return readConstraint(draft, table, def.Constraint)
  }
  if (type === 'AT_ColumnDefault') return readDefault(draft, table, clause)
  if (type === 'AT_SetNotNull') return readSetNotNull(draft, table, clause)
  if (type === 'AT_AlterConstraint') return readAlterConstraint(draft, table, clause)
  if (type === 'AT_SetRelOptions' || type === 'AT_ResetRelOptions' || type === 'AT_ReplaceRelOptions') {
    // user_catalog_table is the one option of a table that needs more (PostgreSQL source: reloptions.c).
    const strong = JSON.stringify(def ?? '').includes('"user_catalog_table"')
    draft.change({ action: 'alter', object: { type: 'table', ...table }, what: 'set storage parameters', onNew })
    return draft.lock(strong ? exclusive : update, table)
  }
  if (type === 'AT_AddInherit' || type === 'AT_DropInherit') return readInherit(draft, table, clause)
  if (type === 'AT_AttachPartition') return readAttach(draft, table, clause)
  if (type === 'AT_DetachPartition' || type === 'AT_DetachPartitionFinalize') return readDetach(draft, table, clause)
  const known = CLAUSES[type]
  if (known === undefined) return draft.opaque(`alter table (${type})`, displayName(table))
  draft.change({
    action: type.startsWith('AT_Drop') && known.on !== 'table' ? dropAction(known) : actionOf(type),
    object: subject(table, known, clause),
    what: clause.behavior === 'DROP_CASCADE' ? `${known.what} cascade` : known.what,
    destroys: known.destroys === true || (clause.behavior === 'DROP_CASCADE' && known.what === 'drop constraint'),
    tightens: known.tightens === true,
    onNew,
    ...(known.on === 'column' ? { onNewColumn: draft.made.hasColumn(table, clause.name ?? '') } : {}),
  })
  draft.lock(known.lock, table, known.duration)
  if (type === 'AT_AlterColumnType' && def !== undefined && 'ColumnDef' in def) {
    const using = columnsOf(def.ColumnDef.raw_default)
    if (using.length > 0) readsColumns(draft, table, using, 'used by type change')
  }
}

function dropAction(clause: Clause): 'drop' | 'alter' {
  return clause.what === 'drop column' || clause.what === 'drop constraint' ? 'drop' : 'alter'
}

function actionOf(type: AlterTableType): 'validate' | 'alter' {
  return type === 'AT_ValidateConstraint' ? 'validate' : 'alter'
}

function subject(table: QualifiedName, clause: Clause, command: AlterTableCmd): DatabaseObject {
  if (clause.on === 'table') return { type: 'table', ...table }
  const name = command.name ?? (clause.on === 'trigger' ? '(all)' : '')
  if (clause.on === 'rule') return { type: 'other', ...table, table: table.name, name }
  return partOf(table, clause.on, name)
}

function readDefault(draft: FactsDraft, table: QualifiedName, clause: AlterTableCmd): void {
  const drops = clause.def === undefined
  draft.change({
    action: 'alter',
    object: partOf(table, 'column', clause.name ?? ''),
    what: drops ? 'drop default' : 'set default',
    // Inserts of the old code that leave the column out get NULL from now on.
    tightens: drops,
    onNew: draft.made.hasTable(table),
    onNewColumn: draft.made.hasColumn(table, clause.name ?? ''),
  })
  draft.lock(exclusive, table)
}

function readSetNotNull(draft: FactsDraft, table: QualifiedName, clause: AlterTableCmd): void {
  const column = clause.name ?? ''
  const onNewColumn = draft.made.hasColumn(table, column)
  draft.change({
    action: 'alter',
    object: partOf(table, 'column', column),
    what: 'set not null',
    // The old code does not write a column of this file; with a default its inserts stay good.
    tightens: !(onNewColumn && draft.made.columnHasDefault(table, column)),
    onNew: draft.made.hasTable(table),
    onNewColumn,
  })
  draft.lock(exclusive, table, 'scan')
}

function readAlterConstraint(draft: FactsDraft, table: QualifiedName, clause: AlterTableCmd): void {
  const def = clause.def !== undefined && 'ATAlterConstraint' in clause.def ? clause.def.ATAlterConstraint : {}
  const enforces = def.alterEnforceability === true && def.is_enforced === true
  draft.change({
    action: 'alter',
    object: partOf(table, 'constraint', def.conname ?? ''),
    what: enforces ? 'enforce constraint' : 'alter constraint',
    tightens: enforces,
    onNew: draft.made.hasTable(table),
  })
  draft.lock(exclusive, table, enforces ? 'scan' : 'instant')
}

function readInherit(draft: FactsDraft, table: QualifiedName, clause: AlterTableCmd): void {
  const parent = clause.def !== undefined && 'RangeVar' in clause.def ? relationName(clause.def.RangeVar) : undefined
  const adds = clause.subtype === 'AT_AddInherit'
  draft.change({
    action: 'alter',
    object: { type: 'table', ...table },
    what: adds ? 'inherit' : 'no inherit',
    destroys: !adds,
    onNew: draft.made.hasTable(table),
  })
  draft.lock(exclusive, table)
  if (parent !== undefined) draft.lock(update, parent)
}

function partitionOf(clause: AlterTableCmd): { child: QualifiedName; concurrent: boolean } {
  const def = clause.def !== undefined && 'PartitionCmd' in clause.def ? clause.def.PartitionCmd : {}
  return { child: relationName(def.name), concurrent: def.concurrent === true }
}

/** A default partition, which is locked and read too, is known to the catalog alone. */
function readAttach(draft: FactsDraft, table: QualifiedName, clause: AlterTableCmd): void {
  const { child } = partitionOf(clause)
  const onNew = draft.made.hasTable(child)
  draft.change({
    action: 'alter',
    object: { type: 'table', ...child },
    what: 'attach partition',
    tightens: true,
    onNew,
  })
  readsColumns(draft, table, [], 'attach partition')
  draft.lock(update, table)
  draft.lock(exclusive, child, 'scan')
}

function readDetach(draft: FactsDraft, table: QualifiedName, clause: AlterTableCmd): void {
  const { child, concurrent } = partitionOf(clause)
  const finalize = clause.subtype === 'AT_DetachPartitionFinalize'
  draft.change({
    action: 'alter',
    object: { type: 'table', ...child },
    what: 'detach partition',
    destroys: true,
    onNew: draft.made.hasTable(table),
    ...(concurrent ? { concurrently: true } : {}),
  })
  readsColumns(draft, table, [], 'detach partition')
  if (concurrent) draft.cannotShareTransaction()
  draft.lock(concurrent || finalize ? update : exclusive, table, concurrent ? 'scan' : 'instant')
  if (!concurrent) draft.lock(exclusive, child)
}

const RELATION_TYPES: Record<string, DatabaseObject['type']> = {
  OBJECT_INDEX: 'index',
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'view',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_TYPE: 'type',
}

/** ALTER INDEX, VIEW, MATERIALIZED VIEW, SEQUENCE and composite TYPE share the tree of ALTER TABLE. */
function readOther(draft: FactsDraft, statement: AlterTableStmt, name: QualifiedName, clause: AlterTableCmd): void {
  const type = RELATION_TYPES[statement.objtype ?? '']
  const known = CLAUSES[clause.subtype ?? 'AT_DropOids']
  const options = ['AT_SetRelOptions', 'AT_ResetRelOptions'].includes(clause.subtype ?? '')
  const what =
    known?.what ??
    (clause.subtype ?? '')
      .replace(/^AT_/, '')
      .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toLowerCase()
  if (type === undefined) return draft.opaque(`alter ${statement.objtype}`, displayName(name))
  if (clause.subtype === 'AT_AttachPartition') {
    const child = namePartsOf(
      clause.def !== undefined && 'PartitionCmd' in clause.def
        ? { RangeVar: clause.def.PartitionCmd.name ?? {} }
        : undefined,
    )
    draft.change({ action: 'read', object: { type: 'index', name: child.at(-1) ?? '' }, what: 'attach index' })
  }
  draft.change({
    action: 'alter',
    object: { type, ...name },
    what,
    destroys: known?.destroys === true,
    tightens: known?.tightens === true,
  })
  const light = options && (type === 'index' || statement.objtype === 'OBJECT_MATVIEW')
  draft.lock(light ? update : (known?.lock ?? exclusive), name, known?.duration)
}
