import type { BackfillKey, CompiledBackfill, CopyForm, Session } from '@phasegate/core'
import { among, within } from './backfill-statements.js'
import { type BatchRows, lockRowsSql, WITHOUT_WAITING } from './change-statements.js'
import { comparedColumns } from './compared-columns.js'
import { type Copy, type CopyRow, insertCopiesSql, lockCopiesSql, updateCopiesSql } from './copy-statements.js'

export interface CopyBatch {
  readonly session: Session
  readonly backfill: CompiledBackfill
  readonly key: BackfillKey
  readonly rows: BatchRows
  readonly failsInsteadOfWaiting: boolean
}

/** Keys in one condition at most. */
const MOST_KEYS = 1000

/**
 * Fills the other table for the rows of a batch and gives the number of those, inside the caller's transaction.
 *
 * The rows of the source are locked first: a dual write that comes at the same moment has been before, and is read, or
 * comes after and finds ours. Then the rows that are there already. Neither waits. What is missing goes in by a plain
 * INSERT and what differs is updated by the columns of `onConflict` alone: ON DUPLICATE KEY UPDATE would take a row that
 * another unique key finds for the same one, and IGNORE would hide what does not fit (MySQL Reference Manual, "INSERT ...
 * ON DUPLICATE KEY UPDATE Statement", "The Effect of IGNORE on Statement Execution").
 */
export async function copyRows(batch: CopyBatch, form: CopyForm): Promise<number> {
  const { session, backfill, key, rows } = batch
  for (const lock of lockRowsSql(backfill, key, rows)) await session.query(lock)
  const copy: Copy = { backfill, form, key, columns: await comparedColumns(session, backfill) }
  const all = rows.only === undefined ? within(backfill, key, rows) : among(backfill, key, rows.only)
  const standing = await session.query<CopyRow>(lockCopiesSql(copy, all))
  const missing = standing.filter((row) => Number(row.phasegate_missing) === 1)
  const differing = standing.filter((row) => Number(row.phasegate_differs) === 1)
  const run = async (list: readonly CopyRow[], statement: (rows: string) => string): Promise<void> => {
    for (const part of conditions(list)) {
      await session.query(`${batch.failsInsteadOfWaiting ? WITHOUT_WAITING : ''}${statement(part)}`)
    }
  }
  /** One condition where it is all of them, else lists of keys. */
  const conditions = (list: readonly CopyRow[]): readonly string[] => {
    if (list.length === standing.length) return list.length === 0 ? [] : [all]
    const keys = list.map((row) => row.phasegate_text)
    return Array.from({ length: Math.ceil(keys.length / MOST_KEYS) }, (_, part) =>
      among(backfill, key, keys.slice(part * MOST_KEYS, (part + 1) * MOST_KEYS)),
    )
  }
  await run(missing, (part) => insertCopiesSql(copy, part))
  await run(differing, (part) => updateCopiesSql(copy, part))
  return standing.length
}
