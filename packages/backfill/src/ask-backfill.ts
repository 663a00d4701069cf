import type { Actor, Session, Target, UnitId } from '@phasegate/core'

export interface BackfillRequest {
  readonly target: Target
  readonly session: Session
  readonly unit: UnitId
  readonly actor: Actor
}

/**
 * Asks the worker to stop after its current batch, wherever it runs; `now` also cancels the running statement (the batch
 * is rolled back and comes again after `resume`). A unit that nobody works on is paused or cancelled at once.
 */
export async function askBackfill(
  { target, session, unit, actor }: BackfillRequest,
  action: 'pause' | 'cancel',
  now = false,
): Promise<void> {
  await target.journal.request(session, unit, { action, now }, actor)
  const alive = (await target.backfill.workers(session, unit)).filter((worker) => worker.alive)
  if (alive.length === 0) {
    const { state } = await target.backfill.control(session, unit)
    const open = state === 'running' || state === 'verifying' || state === 'paused' || state === 'failed'
    if (!open) return
    const paused = action === 'pause' ? 'request' : null
    const change = { state: action === 'pause' ? 'paused' : 'cancelled', detail: { paused } } as const
    await target.journal.changeUnit(session, unit, change, actor)
    return
  }
  // A worker may be named twice, and one statement of it is to be cancelled.
  const sessions = new Map(alive.map(({ backend }) => [backend.id, backend]))
  if (now) for (const backend of sessions.values()) await target.cancelStatement(session, backend)
}

/**
 * Withdraws a pause: a worker that waits goes on, and the next one that is started will. One that failed may be tried again,
 * from where it got to: its error is taken off, and whoever works next takes it up.
 */
export async function resumeBackfill({ target, session, unit, actor }: BackfillRequest): Promise<void> {
  await target.journal.request(session, unit, null, actor)
  const { state } = await target.backfill.control(session, unit)
  if (state === 'paused' || state === 'failed')
    await target.journal.changeUnit(session, unit, { state: 'running', error: null, detail: { paused: null } }, actor)
}
