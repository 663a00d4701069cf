import type { BackfillKey, CompiledBackfill } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import { assignmentOrder } from './assignment-order.js'
import { byKey, columnName, type KeyRange, selected, toBeLocked, within } from './backfill-statements.js'
import { type ComparedColumn, differingSql } from './compare-statements.js'

export interface BatchShape {
  /** The server takes `innodb_lock_wait_timeout = 0`: a statement that fails where it would wait. */
  readonly failsInsteadOfWaiting: boolean
  /** Set on a catch-up pass: only rows that differ are written again. */
  readonly only?: readonly ComparedColumn[]
}

/**
 * The data change of one batch. It never waits for a row: InnoDB ends the lighter transaction of a deadlock, and that would
 * be the application's. Locks: the rows of the range that `where` selects, the others for as long as it looks at them.
 */
export function changeSql(
  backfill: CompiledBackfill,
  key: BackfillKey,
  range: KeyRange,
  { failsInsteadOfWaiting, only }: BatchShape,
): readonly string[] {
  const differing =
    only && `(\n${differingSql(backfill, key, only, within(backfill, key, range))}\n) AS phasegate_differing`
  if (!failsInsteadOfWaiting) return [changeLockedSql(backfill, key, range, differing)]
  const these =
    differing === undefined
      ? ''
      : ` AND ${columnName(backfill, key.column)} IN (SELECT phasegate_key FROM ${differing})`
  return toBeLocked(backfill, key, range).map(
    (rows) => `UPDATE ${byKey(backfill, key)} SET ${assignments(backfill)}
WHERE ${rows} AND ${selected(backfill)}${these}`,
  )
}

/**
 * Where a server cannot be told never to wait (MySQL), the rows are locked by a NOWAIT subquery, which runs first, and
 * those alone are changed: a row that came into the range after that, and is locked by somebody, is none of them.
 *
 * By the primary key InnoDB looks at the committed version of a locked row before it waits, and passes by what is none of
 * ours (MySQL Reference Manual, "Transaction Isolation Levels": semi-consistent read). By another key it would wait, so
 * that there the locked rows are joined. Measured on MySQL 9.7.4; without the hints the subquery may be merged, and its
 * NOWAIT is gone.
 */
function changeLockedSql(
  backfill: CompiledBackfill,
  key: BackfillKey,
  range: KeyRange,
  differing: string | undefined,
): string {
  const table = byKey(backfill, key)
  const column = columnName(backfill, key.column)
  const found =
    differing === undefined
      ? table
      : `${differing} STRAIGHT_JOIN ${table} ON ${column} = phasegate_differing.phasegate_key`
  const locks = toBeLocked(backfill, key, range).map(
    (rows) =>
      `(SELECT ${column} AS phasegate_locked_key FROM ${found} WHERE ${rows} AND ${selected(backfill)} FOR UPDATE NOWAIT)`,
  )
  const locked = `(\n${locks.join('\nUNION ALL\n')}\n) AS phasegate_locked`
  if (key.index === 'PRIMARY')
    return `UPDATE ${table} SET ${assignments(backfill)}
WHERE ${within(backfill, key, range)} AND ${column} IN (
SELECT /*+ SUBQUERY(MATERIALIZATION) NO_MERGE(phasegate_locked) */ phasegate_locked_key FROM ${locked})`
  return `UPDATE /*+ NO_MERGE(phasegate_locked) */ ${locked}
STRAIGHT_JOIN ${table} ON ${column} = phasegate_locked_key SET ${assignments(backfill)}`
}

const assignments = (backfill: CompiledBackfill): string =>
  assignmentOrder(backfill)
    .map(({ column, expression }) => `${quoteName(column)} = (${expression}\n)`)
    .join(', ')

/** A statement of `changeSql` as it runs. */
export const batchSql = (change: string, { failsInsteadOfWaiting }: BatchShape): string =>
  failsInsteadOfWaiting ? `SET STATEMENT innodb_lock_wait_timeout = 0 FOR ${change}` : change
