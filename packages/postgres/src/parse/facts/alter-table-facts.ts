import { type DatabaseObject, displayName, partOf, type QualifiedName } from '@phasegate/core'
import type { AlterTableCmd, AlterTableStmt } from 'libpg-query'
import { relationName } from '../names.js'
import { readAddColumn } from './add-column-facts.js'
import { readAlterRelation } from './alter-relation-facts.js'
import { ALTER_CLAUSES, type AlterClause } from './alter-table-clauses.js'
import { columnsOf, readsColumns } from './columns-read.js'
import { readConstraint } from './constraint-facts.js'
import type { FactsDraft } from './facts-draft.js'
import { readAttach, readDetach, readInherit } from './partition-facts.js'

/** The facts of an ALTER TABLE (INDEX, VIEW, SEQUENCE, TYPE … that share its syntax), one change a clause. */
export function readAlterTable(draft: FactsDraft, statement: AlterTableStmt): void {
  const table = relationName(statement.relation)
  for (const node of statement.cmds ?? []) {
    if (!('AlterTableCmd' in node)) continue
    if (statement.objtype === 'OBJECT_TABLE' || statement.objtype === 'OBJECT_FOREIGN_TABLE') {
      readClause(draft, table, node.AlterTableCmd)
    } else {
      readAlterRelation(draft, statement, table, node.AlterTableCmd)
    }
  }
}

function readClause(draft: FactsDraft, table: QualifiedName, clause: AlterTableCmd): void {
  switch (clause.subtype) {
    case 'AT_AddColumn':
      if (clause.def !== undefined && 'ColumnDef' in clause.def) {
        readAddColumn(draft, table, clause.def.ColumnDef, clause.missing_ok === true)
      }
      break
    case 'AT_AddConstraint':
      if (clause.def !== undefined && 'Constraint' in clause.def) readConstraint(draft, table, clause.def.Constraint)
      break
    case 'AT_ColumnDefault':
      readDefault(draft, table, clause)
      break
    case 'AT_SetNotNull':
      readSetNotNull(draft, table, clause)
      break
    case 'AT_AlterConstraint':
      readAlterConstraint(draft, table, clause)
      break
    case 'AT_SetRelOptions':
    case 'AT_ResetRelOptions':
    case 'AT_ReplaceRelOptions':
      readOptions(draft, table, clause)
      break
    case 'AT_AddInherit':
    case 'AT_DropInherit':
      readInherit(draft, table, clause)
      break
    case 'AT_AttachPartition':
      readAttach(draft, table, clause)
      break
    case 'AT_DetachPartition':
    case 'AT_DetachPartitionFinalize':
      readDetach(draft, table, clause)
      break
    default:
      readKnown(draft, table, clause)
  }
}

/** user_catalog_table is the one option of a table that needs the strongest lock (PostgreSQL source: reloptions.c). */
function readOptions(draft: FactsDraft, table: QualifiedName, clause: AlterTableCmd): void {
  const strong = JSON.stringify(clause.def ?? '').includes('"user_catalog_table"')
  draft.change({
    action: 'alter',
    object: { type: 'table', ...table },
    what: 'set storage parameters',
    onNew: draft.made.hasTable(table),
  })
  draft.lock(strong ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE', table)
}

function readKnown(draft: FactsDraft, table: QualifiedName, clause: AlterTableCmd): void {
  const type = clause.subtype
  const known = type === undefined ? undefined : ALTER_CLAUSES[type]
  if (known === undefined) {
    draft.opaque(`alter table (${type})`, displayName(table))
    return
  }
  const cascade = clause.behavior === 'DROP_CASCADE'
  draft.change({
    action: actionOf(known),
    object: subject(table, known, clause),
    what: cascade ? `${known.what} cascade` : known.what,
    // With CASCADE, what hangs on a constraint goes too: foreign keys, and rules of views.
    destroys: known.destroys === true || cascade,
    tightens: known.tightens === true || makesAlwaysGenerated(clause),
    onNew: draft.made.hasTable(table),
    ...(known.on === 'column' ? { onNewColumn: draft.made.hasColumn(table, clause.name ?? '') } : {}),
  })
  draft.lock(known.lock, table, known.duration)
  if (cascade) draft.lockUnnamed('ACCESS EXCLUSIVE', 'instant')
  if (type === 'AT_AlterColumnType' && clause.def !== undefined && 'ColumnDef' in clause.def) {
    const using = columnsOf(clause.def.ColumnDef.raw_default)
    if (using.length > 0) readsColumns(draft, table, using, 'used by type change')
  }
}

/** GENERATED ALWAYS AS IDENTITY rejects every INSERT that gives a value of its own (PostgreSQL docs: CREATE TABLE). */
function makesAlwaysGenerated({ subtype, def }: AlterTableCmd): boolean {
  if (subtype === 'AT_AddIdentity') {
    return def !== undefined && 'Constraint' in def && def.Constraint.generated_when === 'a'
  }
  if (subtype !== 'AT_SetIdentity' || def === undefined || !('List' in def)) return false
  return (def.List.items ?? []).some((item) => {
    const option = 'DefElem' in item && item.DefElem.defname === 'generated' ? item.DefElem.arg : undefined
    return option !== undefined && 'Integer' in option && option.Integer.ival === 'a'.charCodeAt(0)
  })
}

function actionOf(clause: AlterClause): 'drop' | 'validate' | 'alter' {
  if (clause.what === 'drop column' || clause.what === 'drop constraint') return 'drop'
  return clause.what === 'validate constraint' ? 'validate' : 'alter'
}

function subject(table: QualifiedName, clause: AlterClause, command: AlterTableCmd): DatabaseObject {
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
  draft.lock('ACCESS EXCLUSIVE', table)
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
  draft.lock('ACCESS EXCLUSIVE', table, 'scan')
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
  draft.lock('ACCESS EXCLUSIVE', table, enforces ? 'scan' : 'instant')
}
