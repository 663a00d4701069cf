import { columnsWritten } from '../compiled/backfill-form.js'
import type { CompiledBackfill, CompiledUnit } from '../compiled/compiled-migration.js'
import { type DatabaseObject, overlaps } from '../compiled/database-object.js'
import type { Change } from '../compiled/statement-facts.js'

/** What the planner needs of a change: which object, and how. */
export type ObjectChange = Pick<Change, 'action' | 'object'>

/** Everything that a unit does to the database. */
export function changesOf(unit: CompiledUnit): readonly ObjectChange[] {
  const steps = unit.steps.flatMap((step) => step.facts.changes)
  return unit.backfill === undefined ? steps : [...steps, ...changesOfBackfill(unit.backfill)]
}

/** Writes of `set` and reads of `reads`; whoever adds or removes rows writes the whole table. */
function changesOfBackfill(backfill: CompiledBackfill): readonly ObjectChange[] {
  const { table, form, reads } = backfill
  const column = (name: string): DatabaseObject => ({
    type: 'column',
    ...(table.schema === undefined ? {} : { schema: table.schema }),
    table: table.name,
    name,
  })
  const whole = form?.kind === 'copy' ? form.into : form?.kind === 'delete' ? table : undefined
  return [
    ...(whole === undefined ? [] : [{ action: 'write', object: { type: 'table', ...whole } } as const]),
    ...columnsWritten(backfill).map((name): ObjectChange => ({ action: 'write', object: column(name) })),
    ...reads.map((name): ObjectChange => ({ action: 'read', object: column(name) })),
  ]
}

/**
 * Must these two keep their order? Two reads need not; else they must when they speak of the same thing. What is done to
 * a table as a whole (a foreign key to it, a comment, a storage parameter) leaves its columns alone, unless it makes,
 * drops, renames or writes it: a contract that waits to drop one column would else hold up all that concerns the table.
 */
export function conflicts(a: ObjectChange, b: ObjectChange): boolean {
  if (a.action === 'read' && b.action === 'read') return false
  if (a.object.type !== b.object.type && (sparesParts(a) || sparesParts(b))) return false
  return overlaps(a.object, b.object)
}

const CONCERNS_PARTS: readonly Change['action'][] = ['create', 'drop', 'rename', 'write']

function sparesParts({ action, object }: ObjectChange): boolean {
  return object.type === 'table' && !CONCERNS_PARTS.includes(action)
}

/** Two objects that overlap have the same key, so that changes can be looked up instead of compared one by one. */
export function objectKey(object: DatabaseObject): string {
  return object.type === 'table' ? object.name : (object.table ?? object.name)
}

/** Of two objects that overlap, the one that says more: a column rather than its table. */
export function narrower(a: DatabaseObject, b: DatabaseObject): DatabaseObject {
  return a.type === 'table' ? b : a
}
