import {
  displayName,
  type EngineOutcome,
  type EngineRequest,
  type EngineRun,
  type EngineTable,
  type Session,
  type ToolProcess,
} from '@phasegate/core'
import type { Engine, Job, Tool, UnprovenSwap } from '../engine.js'
import { failedTool, noTable, unprovenSwap } from '../engine-errors.js'
import { type StartedTool, startTool } from '../process/tool-process.js'
import { openRunFiles, removeRunFiles, runFiles } from '../run-files.js'
import { beginRun } from './begin-run.js'
import { engineNamed } from './choose-engine.js'
import type { DeskOptions } from './desk-options.js'
import { endProcess } from './end-process.js'
import { endedWhole } from './ended-whole.js'
import { followTool } from './follow-tool.js'
import { hasSwapped, type Situation, situationOf } from './situation.js'
import { subjectOf } from './subject.js'
import { withLockRetry } from './with-lock-retry.js'

/** What survives a lost connection of the supervisor. */
export interface Supervision {
  run: EngineRun | null
  /** The tool, where it is a child of ours. */
  started: StartedTool | undefined
  /** It waits with its swap until it is told. */
  holds: boolean
}

/**
 * Takes a task to its end on a session that holds the table's lock. Each turn looks first at what the catalog and this
 * machine say, and only then does the next thing, so that it does not matter who was killed before and when.
 *
 * @throws what `EngineDesk.run` says; an error of the connection, after which it may be called again with the same `state`
 */
export async function supervise(
  desk: DeskOptions,
  session: Session,
  request: EngineRequest,
  state: Supervision,
): Promise<EngineOutcome> {
  const { target, clock, emit, signal } = desk
  const { task, happened } = request
  const subject = subjectOf(request)
  const engine = engineNamed(desk.engines, request.engine)
  const settings = desk.settings.tools[engine.name] ?? {}
  const begun = clock.now()
  let tool: Tool | undefined
  /** Started by the last turn: its end is told like any other, however soon it comes. */
  let fresh: StartedTool | undefined
  const record = async (run: EngineRun | null): Promise<void> => {
    await request.record(session, run)
    state.run = run
  }
  const waiting = (reason: string): void => emit({ type: 'engine.waiting', ...subject, reason })
  const jobOf = async (run: EngineRun, table: EngineTable): Promise<Job> => {
    tool ??= await engine.probe(settings)
    const files = runFiles(run.directory)
    return { task, table, target: target.engine, session, tool, run, files, settings, clock, signal }
  }
  /** Takes away what is left in the database. */
  const cleanUp = async (job: Job, unproven?: UnprovenSwap): Promise<void> => {
    const existing = () => target.engine.existing(session, job.table, job.run.leftovers)
    const before = await existing()
    await withLockRetry(desk, waiting, (limits) => engine.cleanUp(job, limits, unproven))
    const after = await existing()
    const leftovers = {
      tables: before.tables.filter((name) => !after.tables.includes(name)),
      triggers: before.triggers.filter((name) => !after.triggers.includes(name)),
    }
    if (leftovers.tables.length + leftovers.triggers.length > 0) emit({ type: 'engine.removed', ...subject, leftovers })
  }
  const swappedNow = async (run: EngineRun): Promise<boolean> => {
    const now = await target.engine.inspect(session, task.table)
    return now !== undefined && hasSwapped(session, run, now, happened)
  }
  /** False: its swap came through meanwhile, and the next turn sees that. */
  const abandon = async (job: Job): Promise<boolean> => {
    await cleanUp(job)
    if (await swappedNow(job.run)) return false
    await removeRunFiles(job.files.directory)
    await record(null)
    return true
  }
  const start = async (job: Job, resumes: boolean): Promise<void> => {
    await openRunFiles(job.files.directory)
    const command = await withLockRetry(desk, waiting, (limits) => engine.command(job, resumes, limits))
    state.started = await startTool(job.tool, command, job.files)
    fresh = state.started
    await record({ ...job.run, process: state.started.process, state: 'copying' })
    tell(job.run, state.started.process, resumes ? 'resumed' : 'new')
  }
  const tell = (run: EngineRun, { pid }: ToolProcess, how: 'new' | 'resumed' | 'taken up'): void => {
    emit({ type: 'engine.started', ...subject, version: run.version, how, pid })
  }
  /** Undefined: it may be swapped now. */
  const whyHeld = async ({ rows }: EngineTable): Promise<EngineOutcome | undefined> => {
    const reason = await request.mayCutOver()
    if (reason === undefined) return undefined
    waiting(reason)
    if (state.run !== null) {
      const order = await request.report(session, heldProgress(engine, rows))
      if (order.action === 'cancel') return { state: 'cancelled', reason: order.reason }
    }
    return { state: 'held', reason }
  }

  for (;;) {
    signal.throwIfAborted()
    const table = await target.engine.inspect(session, task.table)
    if (table === undefined) throw noTable(displayName(task.table))
    state.holds = engine.cannot(table).hold === undefined
    if (state.run === null) {
      tool = await engine.probe(settings)
      const why = engine.cannot(table).hold === undefined ? undefined : await whyHeld(table)
      if (why !== undefined) return why
      await target.engine.refreshStatistics(session, table)
      const run = await beginRun(desk, session, engine, tool, request, table)
      await record(run)
      await start(await jobOf(run, table), false)
      continue
    }
    const run: EngineRun = state.run
    const job = await jobOf(run, table)
    const seen = await situationOf(desk, session, run, table, happened)
    const now: Situation = seen.is === 'gone' && fresh !== undefined ? { is: 'at work', process: fresh.process } : seen
    fresh = undefined
    switch (now.is) {
      case 'elsewhere':
        return { state: 'busy', owner: now.owner }
      case 'swapped': {
        // It may still be putting things away.
        if (now.process !== undefined) await endProcess(clock, now.process, async () => {})
        const unproven = await engine.unprovenSwap?.(job)
        await cleanUp(job, unproven)
        await removeRunFiles(run.directory)
        await request.finish(session)
        if (unproven !== undefined) throw unprovenSwap(run, unproven)
        emit({ type: 'engine.done', ...subject, ms: clock.now() - begun })
        return { state: 'done' }
      }
      case 'gone': {
        if (await endedWhole(engine, job)) await record({ ...run, process: null, state: 'held' })
        else if (await engine.canResume?.(job)) await start(job, true)
        else await abandon(job)
        continue
      }
      case 'held': {
        const why = await whyHeld(table)
        if (why?.state === 'cancelled' && !(await abandon(job))) continue
        if (why !== undefined) return why
        await record({ ...run, state: 'cutting over' })
        await withLockRetry(desk, waiting, (limits) => engine.release(job, limits))
        continue
      }
      case 'at work': {
        const ours = state.started?.process.pid === now.process.pid ? state.started : undefined
        if (ours === undefined) tell(run, now.process, 'taken up')
        const followed = await followTool(desk, engine, job, request, {
          process: now.process,
          ...(ours === undefined ? {} : { ended: ours.ended }),
          onHeld: () => record({ ...run, process: now.process, state: 'held' }),
          onRelease: () => record({ ...run, process: now.process, state: 'cutting over' }),
        })
        if (followed.state === 'held') return followed
        if (followed.state === 'cancelled') {
          await endProcess(clock, now.process, () => engine.stop(job))
          // It may have swapped at the last moment: then there is nothing to take back.
          if ((await swappedNow(run)) || !(await abandon(job))) continue
          return followed
        }
        await afterTheEnd(followed)
        continue
      }
    }

    async function afterTheEnd({
      ending,
      reader,
      said,
    }: Extract<Awaited<ReturnType<typeof followTool>>, { state: 'ended' }>) {
      state.started = undefined
      const ended = { ...(state.run ?? run), process: null }
      if (engine.judge(job, ending, reader) === 'held') return record({ ...ended, state: 'held' })
      if (await swappedNow(run)) return
      const how =
        ending.signal === null ? `ended with exit code ${ending.code ?? 'unknown'}` : `was ended by ${ending.signal}`
      const resumes = (await engine.canResume?.(job)) ?? false
      if (resumes) await record({ ...ended, state: 'copying' })
      else if (!(await abandon(job))) return
      throw failedTool(run, how, said, resumes ? 'resumes' : 'removed')
    }
  }
}

function heldProgress({ name }: Engine, rows: number | null) {
  return {
    engine: name,
    state: 'held',
    done: rows,
    total: rows,
    percent: 100,
    rowsPerSecond: null,
    etaSeconds: 0,
    lagSeconds: null,
    paused: false,
    throttleReason: null,
  } as const
}
