import { randomBytes } from 'node:crypto'
import { mkdtemp, realpath } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { displayName, type EngineRequest, type EngineRun, type EngineTable, type Session } from '@phasegate/core'
import type { Engine, Tool } from '../engine.js'
import { refusedBy, strangeLeftovers } from '../engine-errors.js'
import { thisHost } from '../process/tool-process.js'
import type { DeskOptions } from './desk-options.js'
import { reasonsToRefuse } from './reasons-to-refuse.js'

/**
 * Asks everything that would make the tool fail, or lose something, before it is started; then gives the run its names and
 * its directory. Nothing is recorded yet.
 *
 * @throws `ENGINE.REFUSED` with every reason at once, `ENGINE.LEFTOVERS`
 */
export async function beginRun(
  desk: DeskOptions,
  session: Session,
  engine: Engine,
  tool: Tool,
  { task }: Pick<EngineRequest, 'task'>,
  table: EngineTable,
): Promise<EngineRun> {
  const reasons = await reasonsToRefuse(desk, session, engine, tool, task, table)
  if (reasons.length > 0) throw refusedBy(engine.name, displayName(task.table), reasons)
  const leftovers = engine.leftovers(table)
  const there = await desk.target.engine.existing(session, table, leftovers)
  if (there.triggers.length + there.tables.length > 0)
    throw strangeLeftovers(engine.name, displayName(task.table), there)
  return {
    engine: engine.name,
    version: tool.version,
    schema: table.schema,
    table: table.name,
    identity: table.identity,
    leftovers,
    host: thisHost(),
    directory: await ownDirectory(desk.settings.directory),
    process: null,
    state: 'copying',
    startedAt: new Date().toISOString(),
  }
}

/** Short, since a Unix socket is in it; new, since a directory that somebody else made may be read by them. */
async function ownDirectory(parent = os.tmpdir()): Promise<string> {
  return mkdtemp(path.join(await realpath(parent), `phasegate-${randomBytes(2).toString('hex')}-`))
}
