import { displayName, type EngineCheck, type EngineName, type EngineTask, type Session } from '@phasegate/core'
import { noTable, unsupportedEngine } from '../engine-errors.js'
import { engineNamed } from './choose-engine.js'
import type { DeskOptions } from './desk-options.js'
import { reasonsToRefuse } from './reasons-to-refuse.js'

/** What a run would ask before it starts the tool, and what it would find. */
export async function checkEngine(
  desk: DeskOptions,
  session: Session,
  task: EngineTask,
  name: EngineName,
): Promise<EngineCheck> {
  const target = desk.target.engine
  if (!target.engines.includes(name)) throw unsupportedEngine(name, target.engines)
  const table = await target.inspect(session, task.table)
  if (table === undefined) throw noTable(displayName(task.table))
  const engine = engineNamed(desk.engines, name)
  const tool = await engine.probe(desk.settings.tools[name] ?? {})
  return {
    table,
    tool,
    bytesNeeded: engine.diskNeeded(table),
    bytesFree: await target.freeBytes(session),
    reasons: await reasonsToRefuse(desk, session, engine, tool, task, table),
    remarks: (await target.remarks?.(session, table)) ?? [],
  }
}
