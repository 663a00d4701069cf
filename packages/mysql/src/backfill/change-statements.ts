import type { BackfillKey, CompiledBackfill } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import { assignmentOrder } from './assignment-order.js'
import { among, byKey, columnName, type KeyRange, selected, toBeLocked, within } from './backfill-statements.js'

/** Where the server takes it, a statement behind this fails where it would wait for a row, an index entry or a parent. */
export const WITHOUT_WAITING = 'SET STATEMENT innodb_lock_wait_timeout = 0 FOR '

/** Rows of a batch: a range, and of it those of `only` where that is given. */
export interface BatchRows extends KeyRange {
  readonly only?: readonly string[]
}

/**
 * The data change of one batch. It must not wait for a row: InnoDB ends the lighter transaction of a deadlock, and that would
 * be the application's. So it runs behind `WITHOUT_WAITING`, or on rows that are locked already. Locks: those of the rows
 * that `where` selects, the others for as long as it looks at them.
 */
export function changeSql(backfill: CompiledBackfill, key: BackfillKey, rows: BatchRows): readonly string[] {
  return lockedParts(backfill, key, rows).map(
    (part) => `UPDATE ${byKey(backfill, key)} SET ${assignments(backfill)} WHERE ${part} AND ${selected(backfill)}`,
  )
}

const lockedParts = (backfill: CompiledBackfill, key: BackfillKey, rows: BatchRows): readonly string[] =>
  rows.only === undefined ? toBeLocked(backfill, key, rows) : [among(backfill, key, rows.only)]

/**
 * Where a server cannot be told never to wait (MySQL), the rows are locked by a NOWAIT subquery, which runs first, and
 * those alone are changed: a row that came into the range after that, and is locked by somebody, is none of them.
 *
 * By the primary key InnoDB looks at the committed version of a locked row before it waits, and passes by what is none of
 * ours (MySQL Reference Manual, "Transaction Isolation Levels": semi-consistent read). By another key it would wait, so
 * that there the locked rows are joined. Measured on MySQL 9.7.4; without the hints the subquery may be merged, and its
 * NOWAIT is gone.
 */
export function changeLockedSql(backfill: CompiledBackfill, key: BackfillKey, rows: BatchRows): string {
  const table = byKey(backfill, key)
  const column = columnName(backfill, key.column)
  const locks = lockedParts(backfill, key, rows).map(
    (part) =>
      `(SELECT ${column} AS phasegate_locked_key FROM ${table} WHERE ${part} AND ${selected(backfill)} FOR UPDATE NOWAIT)`,
  )
  const locked = `(\n${locks.join('\nUNION ALL\n')}\n) AS phasegate_locked`
  if (key.index !== 'PRIMARY')
    return `UPDATE /*+ NO_MERGE(phasegate_locked) */ ${locked}
STRAIGHT_JOIN ${table} ON ${column} = phasegate_locked_key SET ${assignments(backfill)}`
  return `UPDATE ${table} SET ${assignments(backfill)}
WHERE ${rows.only === undefined ? within(backfill, key, rows) : among(backfill, key, rows.only)} AND ${column} IN (
SELECT /*+ SUBQUERY(MATERIALIZATION) NO_MERGE(phasegate_locked) */ phasegate_locked_key FROM ${locked})`
}

/** A batch of more keys than this has gaps, or is larger than any. */
const LARGEST = 50_000n

/** How many keys a range could hold, if it may be without a gap: of whole numbers by the primary key. */
export function keysThatFit({ type, index }: BackfillKey, { after, upTo }: KeyRange): bigint | undefined {
  if (!/^\w*int\b/.test(type) || index !== 'PRIMARY' || after === null || upTo === null) return undefined
  const fitting = BigInt(upTo) - BigInt(after)
  return fitting <= LARGEST ? fitting : undefined
}

/** Locks the rows of a batch, or fails at once, and counts them. */
export function countLockedSql(backfill: CompiledBackfill, key: BackfillKey, rows: BatchRows): readonly string[] {
  return lockedParts(backfill, key, rows).map(
    (part) =>
      `SELECT COUNT(*) AS \`rows\` FROM ${byKey(backfill, key)} WHERE ${part} AND ${selected(backfill)} FOR UPDATE NOWAIT`,
  )
}

const assignments = (backfill: CompiledBackfill): string =>
  assignmentOrder(backfill)
    .map(({ column, expression }) => `${quoteName(column)} = (${expression}\n)`)
    .join(', ')
