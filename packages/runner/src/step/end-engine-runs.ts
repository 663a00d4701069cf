import type { EngineDesk, EngineRun, Session, Target, UnitId } from '@phasegate/core'

interface Ending {
  readonly target: Pick<Target, 'journal'>
  readonly engines: EngineDesk
}

/**
 * Stops the tools of a unit's steps and takes away what they left, so that these steps begin anew where the unit goes on.
 *
 * @throws `ENGINE.BUSY` where another process supervises one of them
 */
export async function endEngineRuns(
  { target, engines }: Ending,
  session: Session,
  unit: UnitId,
): Promise<readonly EngineRun[]> {
  const { journal } = target
  const ended: EngineRun[] = []
  for (const { position, run, execution } of await journal.steps(session, unit, 'apply')) {
    if (run === null || execution.engine === undefined) continue
    await engines.abandon({
      task: execution.engine,
      run,
      record: async (on, left) => journal.recordRun(on, unit, 'apply', position, left),
    })
    await journal.markStep(session, unit, 'apply', position, 'pending')
    ended.push(run)
  }
  return ended
}
