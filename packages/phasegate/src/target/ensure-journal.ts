import type { Session } from '@phasegate/core'
import { ensureJournal } from '@phasegate/runner'
import type { OpenRunner } from './open-runner.js'

/** Creates or upgrades the journal for a verb that writes to it without running a lane. */
export async function ensureUnderLock({ context, target }: OpenRunner, session: Session): Promise<void> {
  await target.assertUsable(session)
  await ensureJournal(context, session)
}
