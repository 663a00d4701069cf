import { resolve } from 'node:path'
import { EXIT, type ExitCode, PhasegateError } from '@phasegate/core'
import { type Fit, judgeFit, readManifest } from '@phasegate/status'
import { type TargetOptions, withSession } from '../target/open-runner.js'

export interface FitsOptions extends TargetOptions {
  /** The build manifest that is to run. */
  readonly manifest?: string
}

export interface FitsResult extends Fit {
  readonly exit: ExitCode
}

/** May this build run on this database? Asked before a rollback. Throws `VERB.USAGE`, `MANIFEST.*`, `DATABASE.*`. */
export function runFits(options: FitsOptions): Promise<FitsResult> {
  const file = options.manifest
  if (file === undefined) throw whichManifest()
  return withSession(options, 'fits', async (session, target, settings) => {
    const manifest = readManifest(resolve(settings.cwd, file))
    const snapshot = await target.journal.read(session)
    const recorded = snapshot.exists ? await target.journal.recordedManifests(session, manifest.application) : []
    const fit = judgeFit(manifest, snapshot, recorded)
    return { ...fit, exit: fit.fits ? EXIT.done : EXIT.incompatible }
  })
}

function whichManifest(): PhasegateError {
  return new PhasegateError({
    code: 'VERB.USAGE',
    message: 'Which build? fits wants its manifest.',
    next: ['phasegate fits phasegate.manifest.json'],
    exit: EXIT.usage,
  })
}
