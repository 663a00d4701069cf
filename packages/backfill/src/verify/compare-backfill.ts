import type { BackfillKey, ComparedChunk } from '@phasegate/core'
import { createBatchEnds } from '../batch/batch-end.js'
import { createBatchSize } from '../batch/batch-size.js'
import { createSlowRow } from '../batch/slow-row.js'
import { type CompareOptions, type CompareSettings, compareSettings } from '../options.js'
import { readAgain } from '../worker/conflict.js'
import { createWorkerSession, type WorkerSession } from '../worker/worker-session.js'
import { createComparer } from './compare-chunk.js'

export interface Comparison {
  /** Rows that differ from their expression, looked at twice; counting stops soon after the first thousand. */
  readonly mismatches: number
  /** The first of their keys, as the database writes them. */
  readonly sampleKeys: readonly string[]
  /** Rows that were compared. */
  readonly rows: number
}

/** Keys of mismatches that are remembered for the second look. */
const REMEMBERED = 1000
const SAMPLES = 10

/**
 * Compares the whole table with the backfill's expressions, chunk by chunk, in short statements. Reads only. A row that
 * differs is looked at again after a while before it counts: it may have been between two writes of the application.
 *
 * @example
 * const { mismatches, sampleKeys } = await compareBackfill({ target, backfill, openSession, clock: systemClock })
 * @throws `BACKFILL.NO_TABLE`, `BACKFILL.NO_COLUMN`, `BACKFILL.NO_KEY`, `BACKFILL.EXPRESSION`, `BACKFILL.TOO_SLOW`, and the
 *   signal's reason
 */
export async function compareBackfill(options: CompareOptions): Promise<Comparison> {
  const settings = compareSettings(options)
  const worker = createWorkerSession(settings)
  try {
    const { key } = await readAgain(
      settings,
      worker,
      (session) => settings.target.backfill.inspect(session, settings.backfill),
      () => {},
    )
    return await compareTable(settings, worker, key)
  } finally {
    await worker.close()
  }
}

/** The same on a session that is there already. `beforeChunk` is told the rows so far, and may end it by throwing. */
export async function compareTable(
  settings: CompareSettings,
  worker: WorkerSession,
  key: BackfillKey,
  beforeChunk: (rows: number) => Promise<void> = async () => {},
): Promise<Comparison> {
  const { backfill, clock } = settings
  const { target } = settings
  const comparer = createComparer(settings, key)
  const size = createBatchSize({
    first: backfill.batchSize,
    targetMs: backfill.batchTime,
    limits: settings.limits,
    clock: settings.clock,
  })
  const slowRow = createSlowRow(settings)
  const ends = createBatchEnds(key.wholeNumbers === true)
  const read = <T>(question: Parameters<typeof readAgain<T>>[2]): Promise<T> =>
    readAgain(settings, worker, question, size.conflicted)

  const upper = await read((session) => target.backfill.upperBound(session, backfill, key))
  if (upper === null) return { mismatches: 0, sampleKeys: [], rows: 0 }

  /** Of `keys`, those that differ still. */
  const lookAgain = async (keys: readonly string[]): Promise<readonly string[]> => {
    if (keys.length === 0) return []
    await clock.sleep(settings.mismatchDelayMs, settings.signal)
    return await read((session) => comparer.recheck(session, keys))
  }
  let after: string | null = null
  let rows = 0
  let suspects: string[] = []
  for (;;) {
    await beforeChunk(rows)
    const from: string | null = after
    const started = clock.now()
    const chunk: ComparedChunk & { readonly end: string } = await read(async (session) => {
      const most = size.next()
      let upTo: string | undefined
      try {
        const { end } = await ends.next(from, upper, most, () =>
          target.backfill.batchEnd(session, backfill, key, from, upper, most),
        )
        upTo = end
        return { end, ...(await comparer.chunk(session, from, end, REMEMBERED)) }
      } catch (error) {
        slowRow.failed(target.classify(error), most, upTo, error)
        throw error
      }
    })
    size.succeeded(clock.now() - started)
    slowRow.passed()
    const full = chunk.keys.length === REMEMBERED
    suspects.push(...chunk.keys)
    if (full || suspects.length >= REMEMBERED || chunk.end === upper) {
      const still = await lookAgain(suspects)
      if (still.length > 0)
        return { mismatches: still.length, sampleKeys: still.slice(0, SAMPLES), rows: rows + chunk.rows }
      suspects = []
      // There were more than could be remembered, and all that were have come right: look at the chunk again.
      if (full) continue
    }
    rows += chunk.rows
    after = chunk.end
    if (chunk.end === upper) return { mismatches: 0, sampleKeys: [], rows }
  }
}
