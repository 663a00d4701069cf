import { resolve } from 'node:path'
import { type BuildManifest, EXIT, type ExitCode, PhasegateError, type UnitName } from '@phasegate/core'
import { judge, readManifest, type Verdict } from '@phasegate/status'
import { type TargetOptions, withSession } from '../target/open-runner.js'

export interface FitsOptions extends TargetOptions {
  /** The build manifest that is to run. */
  readonly manifest?: string
}

export interface FitsResult {
  readonly fits: boolean
  readonly verdict: Verdict
  readonly reason: string
  readonly build: string
  readonly application: string
  readonly missing: readonly UnitName[]
  readonly incompatibleWith: readonly UnitName[]
  /** The newest recorded build of the application that may run; null where none is recorded. */
  readonly newestFitting: string | null
  readonly exit: ExitCode
}

/** May this build run on this database? Asked before a rollback. Throws `MANIFEST.*`, `DATABASE.*`. */
export function runFits(options: FitsOptions): Promise<FitsResult> {
  const file = options.manifest
  if (file === undefined) throw whichManifest()
  return withSession(options, 'fits', async (session, target, settings) => {
    const manifest: BuildManifest = readManifest(resolve(settings.cwd, file))
    const snapshot = await target.journal.read(session)
    const { verdict, reason, missing, incompatibleWith } = judge(manifest, snapshot)
    const fits = verdict === 'compatible' || verdict === 'ahead'
    const taken = new Set(incompatibleWith.map((unit) => unit.slice(0, unit.lastIndexOf(':'))))
    const fitting = snapshot.builds
      .filter((build) => build.application === manifest.application && build.digest !== manifest.digest)
      .filter((build) => [...taken].every((migration) => build.uses[migration] === 'new'))
      .sort((a, b) => (a.lastSeen < b.lastSeen ? 1 : -1))
    return {
      fits,
      verdict,
      reason,
      build: manifest.build,
      application: manifest.application,
      missing,
      incompatibleWith,
      newestFitting: fits ? null : (fitting[0]?.digest ?? null),
      exit: fits ? EXIT.done : EXIT.incompatible,
    }
  })
}

function whichManifest(): PhasegateError {
  return new PhasegateError({
    code: 'VERB.USAGE',
    message: 'Which build? fits wants its manifest.',
    next: ['phasegate fits --manifest phasegate.manifest.json'],
    exit: EXIT.usage,
  })
}
