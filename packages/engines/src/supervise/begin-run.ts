import { randomBytes } from 'node:crypto'
import { mkdtemp, realpath } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { EngineRequest, EngineRun, EngineTable, Session } from '@phasegate/core'
import type { Engine, Tool } from '../engine.js'
import { refusedBy, strangeLeftovers } from '../engine-errors.js'
import { thisHost } from '../process/tool-process.js'
import { nameOf, sizeInWords } from './choose-engine.js'
import type { DeskOptions } from './desk-options.js'

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
  const { target } = desk
  const settings = desk.settings.tools[engine.name] ?? {}
  const reasons = [
    ...engine.refuses(task, table, tool),
    ...(await target.engine.unmet(session, table, engine.requirements)),
    ...(await roomProblem(desk, session, engine, table)),
  ]
  if (reasons.length > 0) throw refusedBy(engine.name, nameOf(task.table), reasons)
  const leftovers = engine.leftovers(table)
  const there = await target.engine.existing(session, table, leftovers)
  if (there.triggers.length + there.tables.length > 0) throw strangeLeftovers(engine.name, nameOf(task.table), there)
  const { clock, signal } = desk
  const more = await engine.preflight?.({ task, table, target: target.engine, session, tool, settings, clock, signal })
  if (more !== undefined && more.length > 0) throw refusedBy(engine.name, nameOf(task.table), more)
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

async function roomProblem(
  { target }: DeskOptions,
  session: Session,
  engine: Engine,
  table: EngineTable,
): Promise<readonly string[]> {
  const free = await target.engine.freeBytes(session)
  const needed = engine.diskNeeded(table)
  if (free === null || free >= needed) return []
  const words = (bytes: number): string => sizeInWords({ rows: null, bytes })
  return [`It takes up to ${words(needed)} on the server's disk, which has ${words(free)} free: make room first.`]
}

/** Short, since a Unix socket is in it; new, since a directory that somebody else made may be read by them. */
async function ownDirectory(parent = os.tmpdir()): Promise<string> {
  return mkdtemp(path.join(await realpath(parent), `phasegate-${randomBytes(2).toString('hex')}-`))
}
