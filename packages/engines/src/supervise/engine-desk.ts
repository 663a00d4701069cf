import {
  displayName,
  type EngineDesk,
  type EngineOutcome,
  type EngineRequest,
  type LockName,
  type Session,
  tableLock,
} from '@phasegate/core'
import { ALL_ENGINES } from '../all-engines.js'
import { noTable, supervisedBy } from '../engine-errors.js'
import { thisHost } from '../process/tool-process.js'
import { abandonRun } from './abandon-run.js'
import { checkEngine } from './check-engine.js'
import { chooseEngine } from './choose-engine.js'
import type { DeskOptions } from './desk-options.js'
import { processOf } from './situation.js'
import { subjectOf } from './subject.js'
import { type Supervision, supervise } from './supervise.js'

export type EngineDeskOptions = Omit<DeskOptions, 'engines'> & Partial<Pick<DeskOptions, 'engines'>>

/** ms between two attempts to reconnect. */
const RECONNECT_EVERY = 1_000

/**
 * Engines over one target. Whoever supervises holds the table's lock on a session of its own for as long as it does, so that
 * there is one at a time, and the lock ends with it.
 */
export function createEngineDesk({ engines = ALL_ENGINES, ...options }: EngineDeskOptions): EngineDesk {
  const desk: DeskOptions = { engines, ...options }
  return {
    choose: (session, task) => chooseEngine(desk, session, task),
    check: (session, task, engine) => checkEngine(desk, session, task, engine),
    run: (request) => runSupervised(desk, request),
    isLost: async (run) => run.host === thisHost() && run.process !== null && (await processOf(run)) === undefined,
    abandon: async (request) => {
      const outcome = await withTableLock(desk, request, async (session) => {
        await abandonRun(desk, session, request)
        return { state: 'done' }
      })
      if (outcome.state === 'busy') throw supervisedBy(displayName(request.task.table), outcome.owner)
    },
  }
}

async function runSupervised(desk: DeskOptions, request: EngineRequest): Promise<EngineOutcome> {
  const state: Supervision = { run: request.run, started: undefined, holds: true }
  let lostAt: number | undefined
  for (;;) {
    try {
      const outcome = await withTableLock(desk, request, async (session) => {
        lostAt = undefined
        await request.attach(session)
        return supervise(desk, session, request, state)
      })
      // The server may not have noticed yet that our lost session is gone.
      if (outcome.state !== 'busy' || lostAt === undefined) return outcome
    } catch (error) {
      if (desk.signal.aborted) leave(desk, request, state)
      const lost = desk.target.isDatabaseError(error) && desk.target.classify(error) === 'connection'
      if (!lost && !isUnreachable(error, lostAt)) throw error
      lostAt ??= desk.clock.now()
      desk.emit({ type: 'connection.lost', reason: String(error), attempt: 1 })
      if (desk.clock.now() - lostAt > desk.settings.reconnectTime) throw error
    }
    await desk.clock.sleep(RECONNECT_EVERY * (0.5 + desk.clock.random()), desk.signal)
  }
}

/** While it reconnects, what connecting says is no more than that. */
function isUnreachable(error: unknown, lostAt: number | undefined): boolean {
  return lostAt !== undefined && error instanceof Error && 'code' in error && error.code === 'DATABASE.UNREACHABLE'
}

function leave({ emit }: DeskOptions, request: EngineRequest, { run, started, holds }: Supervision): void {
  const pid = started?.process.pid ?? run?.process?.pid
  if (pid !== undefined) emit({ type: 'engine.left', ...subjectOf(request), pid, holds })
}

async function withTableLock(
  { target, openSession }: DeskOptions,
  { task }: Pick<EngineRequest, 'task'>,
  work: (session: Session) => Promise<EngineOutcome>,
): Promise<EngineOutcome> {
  const session = await openSession()
  try {
    const table = await target.engine.inspect(session, task.table)
    if (table === undefined) throw noTable(displayName(task.table))
    const lock: LockName = tableLock(table)
    if (!(await target.tryLock(session, lock))) {
      const holder = await target.lockHolder(session, lock)
      return {
        state: 'busy',
        owner: holder === undefined ? 'another process' : `${holder.application} (session ${holder.backend.id})`,
      }
    }
    try {
      return await work(session)
    } finally {
      await target.unlock(session, lock).catch(() => {})
    }
  } finally {
    await session.close()
  }
}
