import type { EngineTable, EngineTask, Session } from '@phasegate/core'
import type { Engine, Tool } from '../engine.js'
import { sizeInWords } from './choose-engine.js'
import type { DeskOptions } from './desk-options.js'

/** Everything that would make the tool fail, or lose something, each with the way out; all at once. Starts nothing. */
export async function reasonsToRefuse(
  { target, settings, clock, signal }: DeskOptions,
  session: Session,
  engine: Engine,
  tool: Tool,
  task: EngineTask,
  table: EngineTable,
): Promise<readonly string[]> {
  const own = settings.tools[engine.name] ?? {}
  const job = { task, table, target: target.engine, session, tool, settings: own, clock, signal }
  return [
    ...engine.refuses(task, table, tool),
    ...(await target.engine.unmet(session, table, engine.requirements)),
    ...roomProblem(await target.engine.freeBytes(session), engine.diskNeeded(table)),
    ...((await engine.preflight?.(job)) ?? []),
  ]
}

function roomProblem(free: number | null, needed: number): readonly string[] {
  if (free === null || free >= needed) return []
  const words = (bytes: number): string => sizeInWords({ rows: null, bytes })
  return [`It takes up to ${words(needed)} on the server's disk, which has ${words(free)} free: make room first.`]
}
