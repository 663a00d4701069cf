import type { LeasedRange, RowChange } from '@phasegate/core'
import type { BackfillSettings } from '../options.js'
import { withinDeadline } from '../worker/answer-deadline.js'
import type { WorkerSession } from '../worker/worker-session.js'
import { mapRows } from './map-rows.js'

/** A row was changed after it was read for `map`: the batch was rolled back, and comes again with what is there now. */
export class RowsChanged extends Error {
  constructor() {
    super('rows were changed while map ran')
  }
}

/**
 * Reads the rows of a batch and runs `map` over them, outside of any transaction; undefined where the backfill has none.
 * The lease is prolonged meanwhile, however long the function takes.
 *
 * @param keepLease false: the lease is somebody else's now, which the fence of the batch will say too
 */
export async function mapBatch(
  { settings, worker }: { readonly settings: BackfillSettings; readonly worker: WorkerSession },
  key: Parameters<BackfillSettings['target']['backfill']['readRows']>[2],
  range: LeasedRange,
  end: string,
  keepLease: () => Promise<unknown>,
): Promise<readonly RowChange[] | undefined> {
  const { backfill, target, clock, leaseMs, signal } = settings
  const { form } = backfill
  if (form?.kind !== 'map') return undefined
  const session = await worker.get()
  const ask = <T>(answer: Promise<T>): Promise<T> => withinDeadline(answer, leaseMs, clock)
  const columns = await ask(target.backfill.mapColumns(session, backfill))
  const rows = await ask(target.backfill.readRows(session, backfill, key, { after: range.cursor, end }))
  let mapping = true
  const mapped = mapRows(backfill, form, columns, rows).finally(() => {
    mapping = false
  })
  // What becomes of it is awaited below.
  const ended = mapped.then(
    () => {},
    () => {},
  )
  while (mapping) {
    const sleeping = new AbortController()
    await Promise.race([ended, clock.sleep(leaseMs / 3, sleeping.signal).catch(() => {})])
    sleeping.abort()
    signal?.throwIfAborted()
    if (mapping) await keepLease()
  }
  return await mapped
}
