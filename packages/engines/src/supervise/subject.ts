import type { EngineRequest } from '@phasegate/core'
import { nameOf } from './choose-engine.js'

/** What every event of a request says of it. */
export function subjectOf({ unit, engine, task }: Pick<EngineRequest, 'unit' | 'engine' | 'task'>) {
  return { ...(unit === null ? {} : { unit }), engine, table: nameOf(task.table) }
}
