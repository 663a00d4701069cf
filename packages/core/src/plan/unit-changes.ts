import type { CompiledUnit } from '../compiled/compiled-migration.js'
import { type DatabaseObject, overlaps } from '../compiled/database-object.js'
import type { Change } from '../compiled/statement-facts.js'

/** What the planner needs of a change: which object, and how. */
export type ObjectChange = Pick<Change, 'action' | 'object'>

/** Everything that a unit does to the database; a backfill counts as writes of `set` and reads of `reads`. */
export function changesOf(unit: CompiledUnit): readonly ObjectChange[] {
  const steps = unit.steps.flatMap((step) => step.facts.changes)
  if (unit.backfill === undefined) return steps
  const { table, set, reads } = unit.backfill
  const column = (name: string): DatabaseObject => ({
    type: 'column',
    ...(table.schema === undefined ? {} : { schema: table.schema }),
    table: table.name,
    name,
  })
  return [
    ...steps,
    ...set.map((entry): ObjectChange => ({ action: 'write', object: column(entry.column) })),
    ...reads.map((name): ObjectChange => ({ action: 'read', object: column(name) })),
  ]
}

/** Must these two keep their order? Two reads need not; else they must when they speak of the same thing. */
export function conflicts(a: ObjectChange, b: ObjectChange): boolean {
  return (a.action !== 'read' || b.action !== 'read') && overlaps(a.object, b.object)
}

/** Two objects that overlap have the same key, so that changes can be looked up instead of compared one by one. */
export function objectKey(object: DatabaseObject): string {
  return object.type === 'table' ? object.name : (object.table ?? object.name)
}

/** Of two objects that overlap, the one that says more: a column rather than its table. */
export function narrower(a: DatabaseObject, b: DatabaseObject): DatabaseObject {
  return a.type === 'table' ? b : a
}
