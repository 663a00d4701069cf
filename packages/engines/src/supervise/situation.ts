import type { EngineRequest, EngineRun, EngineTable, Session, ToolProcess } from '@phasegate/core'
import { elsewhere } from '../engine-errors.js'
import { findTool, isAlive, thisHost } from '../process/tool-process.js'
import { runFiles } from '../run-files.js'
import type { DeskOptions } from './desk-options.js'

/** What the catalog and this machine say of a run, whatever the journal thought of it last. */
export type Situation =
  /** The change is there: the table is another one, or was written anew. */
  | { readonly is: 'swapped'; readonly process: ToolProcess | undefined }
  | { readonly is: 'at work'; readonly process: ToolProcess }
  /** Copied, and kept equal by triggers, without a tool. */
  | { readonly is: 'held' }
  /** On another machine, by what the server shows. */
  | { readonly is: 'elsewhere'; readonly owner: string }
  | { readonly is: 'gone' }

/** Looks at the sessions of the server before a tool of another machine counts as gone: it may be between two statements. */
const LOOKS = 20
const LOOK_EVERY = 250

/** As it is on record; else as it wrote itself down: whoever started it again may have been killed before that was put on record. */
export async function processOf(run: EngineRun): Promise<ToolProcess | undefined> {
  if (run.process !== null && (await isAlive(run.process))) return run.process
  return findTool(runFiles(run.directory))
}

/** `table`: what stands in its place now. */
export async function hasSwapped(
  session: Session,
  run: EngineRun,
  table: EngineTable,
  happened: EngineRequest['happened'],
): Promise<boolean> {
  return table.identity !== run.identity && (happened === undefined || happened(session))
}

export async function situationOf(
  { target, clock, signal }: Pick<DeskOptions, 'target' | 'clock' | 'signal'>,
  session: Session,
  run: EngineRun,
  table: EngineTable,
  happened: EngineRequest['happened'],
): Promise<Situation> {
  const here = run.host === thisHost()
  const process = here ? await processOf(run) : undefined
  if (await hasSwapped(session, run, table, happened)) return { is: 'swapped', process }
  if (process !== undefined) return { is: 'at work', process }
  if (!here) {
    for (let look = 0; look < LOOKS; look++) {
      const [seen] = await target.engine.sessionsOn(session, run.schema, run.leftovers.tables)
      if (seen !== undefined)
        return { is: 'elsewhere', owner: elsewhere(run, `session ${seen.backend.id} from ${seen.client}`) }
      await clock.sleep(LOOK_EVERY, signal)
    }
  }
  if (run.state === 'copying' || run.process !== null) return { is: 'gone' }
  const { tables } = await target.engine.existing(session, table, run.leftovers)
  return tables.length > 0 ? { is: 'held' } : { is: 'gone' }
}
