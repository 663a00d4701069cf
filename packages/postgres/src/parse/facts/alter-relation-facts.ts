import { type DatabaseObject, displayName, type QualifiedName } from '@phasegate/core'
import type { AlterTableCmd, AlterTableStmt } from 'libpg-query'
import { namePartsOf } from '../names.js'
import { ALTER_CLAUSES } from './alter-table-clauses.js'
import type { FactsDraft } from './facts-draft.js'

const RELATION_TYPES: Record<string, DatabaseObject['type']> = {
  OBJECT_INDEX: 'index',
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'view',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_TYPE: 'type',
}

/** ALTER INDEX, VIEW, MATERIALIZED VIEW, SEQUENCE and composite TYPE share the tree of ALTER TABLE. */
export function readAlterRelation(
  draft: FactsDraft,
  statement: AlterTableStmt,
  name: QualifiedName,
  clause: AlterTableCmd,
): void {
  const type = RELATION_TYPES[statement.objtype ?? '']
  const known = ALTER_CLAUSES[clause.subtype ?? 'AT_DropOids']
  const options = ['AT_SetRelOptions', 'AT_ResetRelOptions'].includes(clause.subtype ?? '')
  const what =
    known?.what ??
    (clause.subtype ?? '')
      .replace(/^AT_/, '')
      .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toLowerCase()
  if (type === undefined) {
    draft.opaque(`alter ${statement.objtype}`, displayName(name))
    return
  }
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
  draft.lock(light ? 'SHARE UPDATE EXCLUSIVE' : (known?.lock ?? 'ACCESS EXCLUSIVE'), name, known?.duration)
}
