import type { QualifiedName } from '@phasegate/core'
import type { AlterTableCmd } from 'libpg-query'
import { relationName } from '../names.js'
import { readsColumns } from './columns-read.js'
import type { FactsDraft } from './facts-draft.js'

export function readInherit(draft: FactsDraft, table: QualifiedName, clause: AlterTableCmd): void {
  const parent = clause.def !== undefined && 'RangeVar' in clause.def ? relationName(clause.def.RangeVar) : undefined
  const adds = clause.subtype === 'AT_AddInherit'
  draft.change({
    action: 'alter',
    object: { type: 'table', ...table },
    what: adds ? 'inherit' : 'no inherit',
    destroys: !adds,
    onNew: draft.made.hasTable(table),
  })
  draft.lock('ACCESS EXCLUSIVE', table)
  if (parent !== undefined) draft.lock('SHARE UPDATE EXCLUSIVE', parent)
}

function partitionOf(clause: AlterTableCmd): { child: QualifiedName; concurrent: boolean } {
  const def = clause.def !== undefined && 'PartitionCmd' in clause.def ? clause.def.PartitionCmd : {}
  return { child: relationName(def.name), concurrent: def.concurrent === true }
}

/** A default partition, which is locked and read too, is known to the catalog alone. */
export function readAttach(draft: FactsDraft, table: QualifiedName, clause: AlterTableCmd): void {
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
  draft.lock('SHARE UPDATE EXCLUSIVE', table)
  draft.lock('ACCESS EXCLUSIVE', child, 'scan')
}

export function readDetach(draft: FactsDraft, table: QualifiedName, clause: AlterTableCmd): void {
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
  draft.lock(
    concurrent || finalize ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE',
    table,
    concurrent ? 'scan' : 'instant',
  )
  if (!concurrent) draft.lock('ACCESS EXCLUSIVE', child)
}
