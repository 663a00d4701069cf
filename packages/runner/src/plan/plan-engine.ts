import { type EngineChoice, type EngineRun, type EngineTask, isPhasegateError, type Session } from '@phasegate/core'
import type { RunnerContext } from '../runner-context.js'

/** `none`: nobody can, as things are. */
export interface PlanEngine {
  readonly name: EngineChoice['engine'] | 'none'
  readonly reason: string
}

/** Who executes a step that an engine may; null: one that none may. */
export async function planEngine(
  { engines }: RunnerContext,
  session: Session,
  task: EngineTask | undefined,
  run: EngineRun | null,
): Promise<PlanEngine | null> {
  if (task === undefined) return null
  if (run !== null) return { name: run.engine, reason: `it has begun on ${run.host}` }
  const first = task.instantly === undefined ? '' : 'the server is asked first whether it can do it at once; else: '
  try {
    const { engine, reason } = await engines.choose(session, task)
    return { name: engine, reason: first + reason }
  } catch (error) {
    if (!isPhasegateError(error)) throw error
    const reason =
      error.code === 'ENGINE.NO_TABLE'
        ? 'the table is not there yet'
        : [error.message, error.why].filter(Boolean).join(' ')
    return { name: 'none', reason: first + reason }
  }
}
