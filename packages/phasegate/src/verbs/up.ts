import { EXIT, type JournalSnapshot, PhasegateError } from '@phasegate/core'
import { type LaneResult, runUp } from '@phasegate/runner'
import { type TargetOptions, withRunner } from '../target/open-runner.js'
import { wrongName } from './contract.js'

export interface UpOptions extends TargetOptions {
  readonly confirm?: string
  /** Empty a disposable database first. */
  readonly reset?: boolean
}

/**
 * Every pending unit of all phases in migration order, without gates: for a database that is empty or disposable.
 *
 * @throws `UP.NOT_DISPOSABLE`, `UP.IN_USE`, `CONSENT.WRONG` (exit 10), and as `runExpand`
 */
export function runUpVerb(options: UpOptions = {}): Promise<LaneResult> {
  return withRunner(options, async ({ context, settings, target }) => {
    const session = await target.openSession('up')
    const snapshot = await target.journal.read(session).finally(() => session.close())
    assertMayRun(snapshot, settings.disposable, options)
    return runUp(context, {
      reset: options.reset === true,
      assertMayRun: (now) => assertMayRun(now, settings.disposable, options),
    })
  })
}

function assertMayRun(snapshot: JournalSnapshot, disposable: boolean, { confirm, reset }: UpOptions): void {
  if (disposable) return
  if (reset === true) throw notDisposable(snapshot.database, 'up --reset empties the database.')
  if (confirm === undefined) throw notDisposable(snapshot.database, 'up asks no gates.')
  if (confirm !== snapshot.database) throw wrongName(confirm, snapshot.database)
  const applied = snapshot.units.find((unit) => unit.state !== 'pending')
  const living = snapshot.builds.find((build) => build.liveInstances > 0)
  if (applied !== undefined || living !== undefined) throw inUse(snapshot.database)
}

function notDisposable(database: string, why: string): PhasegateError {
  return new PhasegateError({
    code: 'UP.NOT_DISPOSABLE',
    message: `Nothing says that ${database} is disposable.`,
    why,
    next: [
      'For a laptop or a test: disposable: true in the config, or PHASEGATE_DISPOSABLE=1',
      `For a new, empty database: phasegate up --confirm ${database}`,
    ],
    exit: EXIT.consent,
  })
}

function inUse(database: string): PhasegateError {
  return new PhasegateError({
    code: 'UP.IN_USE',
    message: `${database} has had units applied, or has live instances: up is not for it.`,
    next: ['phasegate expand', 'phasegate backfill', 'phasegate contract'],
    exit: EXIT.consent,
  })
}
