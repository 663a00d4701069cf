import { displayName, type EngineRequest, type EngineTable, type Session } from '@phasegate/core'
import type { Engine, Job, UnprovenSwap } from '../engine.js'
import { noTable, onOtherMachine, unprovenSwap } from '../engine-errors.js'
import { removeRunFiles, runFiles } from '../run-files.js'
import { engineNamed } from './choose-engine.js'
import type { DeskOptions } from './desk-options.js'
import { endProcess } from './end-process.js'
import { situationOf } from './situation.js'
import { withLockRetry } from './with-lock-retry.js'

/** Stops the tool of a run before its swap and takes away what it left; a run that has swapped is only put away. */
export async function abandonRun(
  desk: DeskOptions,
  session: Session,
  { task, run, record }: Pick<EngineRequest, 'task' | 'run' | 'record'>,
): Promise<void> {
  if (run === null) return
  const { target, clock, signal } = desk
  const engine = engineNamed(desk.engines, run.engine)
  const table = await target.engine.inspect(session, task.table)
  if (table === undefined) throw noTable(displayName(task.table))
  const now = await situationOf(desk, session, run, table, undefined)
  if (now.is === 'elsewhere') throw onOtherMachine(displayName(task.table), now.owner)
  const settings = desk.settings.tools[engine.name] ?? {}
  const files = runFiles(run.directory)
  // The tool itself is not needed any more, and may not even be here.
  const tool = { path: '', version: run.version, features: new Set<string>() }
  const job: Job = { task, table, target: target.engine, session, tool, run, files, settings, clock, signal }
  const process = 'process' in now ? now.process : undefined
  if (process !== undefined) await endProcess(clock, process, () => engine.stop(job))
  const unproven = await putAway(desk, engine, job)
  await removeRunFiles(run.directory)
  await record(session, null)
  if (unproven !== undefined) throw unprovenSwap(run, unproven)
}

/** It may have swapped at the last moment, or do so until its sessions are ended: then it is put away as what it is by then. */
async function putAway(desk: DeskOptions, engine: Engine, job: Job): Promise<UnprovenSwap | undefined> {
  const inspect = async (): Promise<EngineTable> =>
    (await job.target.inspect(job.session, job.task.table)) ?? Promise.reject(noTable(displayName(job.task.table)))
  for (let table = await inspect(); ; ) {
    const now: Job = { ...job, table }
    const unproven = table.identity === job.run.identity ? undefined : await engine.unprovenSwap?.(now)
    await withLockRetry(
      desk,
      () => {},
      (limits) => engine.cleanUp(now, limits, unproven),
    )
    table = await inspect()
    if (table.identity === now.table.identity) return unproven
  }
}
