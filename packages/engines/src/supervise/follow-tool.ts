import { type EngineProgress, type EngineRequest, type ToolProcess, unitProgressOf } from '@phasegate/core'
import type { Ending, Engine, Job, OutputReader } from '../engine.js'
import { followLines } from '../process/follow-lines.js'
import { isAlive } from '../process/tool-process.js'
import type { DeskOptions, ThrottleWatch } from './desk-options.js'
import { createRest, type Rest } from './rest.js'
import { subjectOf } from './subject.js'

/** ms between two looks at the tool, and between two words to the journal. */
const LOOK_EVERY = 200
const REPORT_EVERY = 1_000
/** ms between two times that the run's files are marked as used. */
const KEEP_EVERY = 600_000
/** ms after which a tool that still holds its cut-over is told again. */
const RELEASE_EVERY = 30_000
/** Of the last lines, so many are shown where none says why it failed. */
const LAST_LINES = 3
/** ms that an ending may take to arrive after the process is gone. */
const ENDING_PATIENCE = 2_000

export type Followed =
  /** `said`: the lines that say why, or the last ones. */
  | {
      readonly state: 'ended'
      readonly ending: Ending
      readonly reader: OutputReader
      readonly said: readonly string[]
    }
  /** A person wants it gone. */
  | { readonly state: 'cancelled'; readonly reason: string }
  /** It holds its cut-over, which may not happen yet: it is left at work. */
  | { readonly state: 'held'; readonly reason: string }

export interface FollowedTool {
  readonly process: ToolProcess
  /** Undefined where it is no child of ours. */
  readonly ended?: Promise<Ending>
  /** The cut-over is held from now on; the copy is complete. */
  readonly onHeld: () => Promise<void>
  /** The cut-over is about to be let happen. */
  readonly onRelease: () => Promise<void>
}

/**
 * Stays beside a tool until it ends: reads what it writes, tells how far it is, hands on what is asked of it, and lets its
 * cut-over happen when that may be. When the signal is aborted the tool goes on.
 */
export async function followTool(
  desk: DeskOptions,
  engine: Engine,
  job: Job,
  request: EngineRequest,
  tool: FollowedTool,
): Promise<Followed> {
  const { clock, emit, signal } = desk
  const subject = subjectOf(request)
  const reader = engine.reader(job)
  const stdout = followLines(job.files.path('stdout'))
  const stderr = followLines(job.files.path('stderr'))
  let last: readonly string[] = []
  const take = (stream: 'stdout' | 'stderr') => (line: string) => {
    reader.take(line, stream)
    if (line.trim() !== '') last = [...last, line.trim()].slice(-LAST_LINES)
  }
  const readOn = async (toEnd = false): Promise<void> => {
    await stdout.read(take('stdout'), toEnd)
    await stderr.read(take('stderr'), toEnd)
  }
  let ending: Ending | undefined
  void tool.ended?.then((how) => {
    ending = how
  })
  const watch = await desk.watchServer?.(job.run.table)
  const rest = createRest(engine, job, (reason) => emit({ type: 'engine.waiting', ...subject, reason }))
  let reportedAt = Number.NEGATIVE_INFINITY
  let keptAt = Number.NEGATIVE_INFINITY
  let releasedAt = Number.NEGATIVE_INFINITY
  let held = false
  try {
    for (;;) {
      signal.throwIfAborted()
      await readOn()
      if (!(await isAlive(tool.process))) {
        const patience = clock.now() + ENDING_PATIENCE
        while (ending === undefined && tool.ended !== undefined && clock.now() < patience) await clock.sleep(20)
        await readOn(true)
        const why = reader.failure()
        const said = why.length > 0 ? why : last
        return { state: 'ended', ending: ending ?? { code: null, signal: null }, reader, said }
      }
      const now = clock.now()
      if (now - keptAt >= KEEP_EVERY) {
        keptAt = now
        await job.files.keep()
      }
      if (now - reportedAt >= REPORT_EVERY) {
        reportedAt = now
        const progress = throttled((await engine.ask?.(job)) ?? reader.progress(), watch, rest)
        emit({ type: 'engine.progress', ...subject, progress: unitProgressOf(progress) })
        const order = await request.report(job.session, progress)
        if (order.action === 'cancel') return { state: 'cancelled', reason: order.reason }
        await rest.follow(order, watch?.read() ?? null)
        if (progress.state === 'held' && !held) {
          held = true
          await tool.onHeld()
        }
        if (progress.state === 'held' && now - releasedAt >= RELEASE_EVERY) {
          const reason = await request.mayCutOver()
          if (reason !== undefined) {
            emit({ type: 'engine.waiting', ...subject, reason })
            return { state: 'held', reason }
          }
          await tool.onRelease()
          await engine.release(job, { lockTimeout: desk.settings.lockTimeout, statementTimeout: 0 })
          releasedAt = clock.now()
        }
      }
      await clock.sleep(LOOK_EVERY, signal)
    }
  } finally {
    await watch?.close()
  }
}

/** Who makes it wait counts, be it the tool itself, a person or the server. */
function throttled(progress: EngineProgress, watch: ThrottleWatch | undefined, rest: Rest): EngineProgress {
  const throttleReason = rest.reason() ?? watch?.read()?.reason ?? progress.throttleReason
  return { ...progress, paused: progress.paused || rest.paused(), throttleReason }
}
