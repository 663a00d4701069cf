import { displayName, type EngineRequest } from '@phasegate/core'

/** What every event of a request says of it. */
export function subjectOf({ unit, engine, task }: Pick<EngineRequest, 'unit' | 'engine' | 'task'>) {
  return { ...(unit === null ? {} : { unit }), engine, table: displayName(task.table) }
}
