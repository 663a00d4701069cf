import type { CompiledUnit, UsedObject } from '@phasegate/core'

/** The columns or tables that a unit drops or renames, each once. */
export function destroyedBy(unit: CompiledUnit, type: 'column' | 'table'): readonly UsedObject[] {
  const found = new Map<string, UsedObject>()
  for (const { action, destroys, object } of unit.steps.flatMap((step) => step.facts.changes)) {
    if (!destroys || object.type !== type || (action !== 'drop' && action !== 'rename')) continue
    const schema = object.schema === undefined ? {} : { schema: object.schema }
    if (type === 'table') found.set(`${object.schema}.${object.name}`, { ...schema, table: object.name })
    else if (object.table !== undefined)
      found.set(`${object.schema}.${object.table}.${object.name}`, {
        ...schema,
        table: object.table,
        column: object.name,
      })
  }
  return [...found.values()]
}
