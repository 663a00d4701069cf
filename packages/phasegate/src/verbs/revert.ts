import type { JournalSnapshot, Session, Target } from '@phasegate/core'
import { assertRevertible, type LaneResult, runRevert } from '@phasegate/runner'
import { resolveMigration } from '../load/resolve-unit.js'
import { type TargetOptions, withRunner } from '../target/open-runner.js'
import { consentMissing, wrongName } from './contract.js'

export interface RevertOptions extends TargetOptions {
  readonly migration: string
  /** The database's name: consent to losing what was written to the new shape. */
  readonly confirm?: string
  readonly ask?: (database: string, destroys: readonly string[]) => Promise<string | undefined>
}

/**
 * Undoes an expand, and its backfill, while contract is pending.
 *
 * @throws `REVERT.NOTHING`, `REVERT.IMPOSSIBLE`, `REVERT.TOO_LATE`, `CONSENT.*`, `LOCK.BUSY`
 */
export function runRevertVerb(options: RevertOptions): Promise<LaneResult> {
  return withRunner(options, async ({ context, migrations, target }) => {
    const name = resolveMigration(
      options.migration,
      migrations.map((one) => one.name),
    )
    const migration = migrations.find((one) => one.name === name)!
    const session = await target.openSession('revert')
    const { snapshot, goesOn } = await look(target, session, name).finally(() => session.close())
    assertRevertible(snapshot, migration)
    const lost = migration.revert.possible ? migration.revert.steps.flatMap((step) => step.destroys) : []
    const typed =
      options.confirm ?? (goesOn || lost.length === 0 ? target.database : await options.ask?.(target.database, lost))
    if (typed === undefined) throw consentMissing(target.database, lost, `revert ${options.migration}`)
    if (typed !== target.database) throw wrongName(typed, target.database)
    return runRevert(context, migration)
  })
}

/** A revert that was interrupted has consent already, and only goes on. Its steps are there until it ends. */
async function look(
  target: Target,
  session: Session,
  migration: string,
): Promise<{ readonly snapshot: JournalSnapshot; readonly goesOn: boolean }> {
  const snapshot = await target.journal.read(session)
  const steps = snapshot.exists ? await target.journal.steps(session, { migration, phase: 'expand' }, 'revert') : []
  return { snapshot, goesOn: steps.length > 0 }
}
