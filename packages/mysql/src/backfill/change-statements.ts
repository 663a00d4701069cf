import type { BackfillKey, CompiledBackfill } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import { assignmentOrder } from './assignment-order.js'
import {
  among,
  byKey,
  type KeyRange,
  keyColumns,
  selected,
  tableName,
  toBeLocked,
  within,
} from './backfill-statements.js'
import { compareRow } from './key-row.js'

/** Where the server takes it, a statement behind this fails where it would wait for a row, an index entry or a parent. */
export const WITHOUT_WAITING = 'SET STATEMENT innodb_lock_wait_timeout = 0 FOR '

/** Rows of a batch: a range, and of it those of `only` where that is given. */
export interface BatchRows extends KeyRange {
  readonly only?: readonly string[]
}

// The data change of one batch must not wait for a row: InnoDB ends the lighter transaction of a deadlock, and that would be
// the application's. Locks: those of the rows that `where` selects, the others for as long as it looks at them.

/** For `WITHOUT_WAITING`, in turn. */
export function changePartsSql(backfill: CompiledBackfill, key: BackfillKey, rows: BatchRows): readonly string[] {
  return lockedParts(backfill, key, rows).map((part) => changeSql(backfill, key, part))
}

/** For a range of the primary key that is locked as a whole. */
export function changeRangeSql(backfill: CompiledBackfill, key: BackfillKey, range: KeyRange): string {
  return changeSql(backfill, key, within(backfill, key, range))
}

function changeSql(backfill: CompiledBackfill, key: BackfillKey, rows: string): string {
  const condition = `WHERE ${rows} AND ${selected(backfill)}`
  // The syntax for several tables takes an index hint, that for one does not.
  return removes(backfill)
    ? `DELETE ${tableName(backfill)} FROM ${byKey(backfill, key)} ${condition}`
    : `UPDATE ${byKey(backfill, key)} SET ${assignments(backfill)} ${condition}`
}

const removes = ({ form }: CompiledBackfill): boolean => form?.kind === 'delete'

const lockedParts = (backfill: CompiledBackfill, key: BackfillKey, rows: BatchRows): readonly string[] =>
  rows.only === undefined ? toBeLocked(backfill, key, rows) : [among(backfill, key, rows.only)]

/**
 * Where a server cannot be told never to wait (MySQL), the rows are locked by a NOWAIT subquery, which runs first, and
 * those alone are changed: a row that came into the range after that, and is locked by somebody, is none of them.
 *
 * By the primary key InnoDB looks at the committed version of a locked row before it waits, and passes by what is none of
 * ours (MySQL Reference Manual, "Transaction Isolation Levels": semi-consistent read, of an UPDATE). By another key, or to
 * delete, it would wait, so that there the locked rows are joined. Measured on MySQL 9.7.4; without the hints the subquery may be merged, and its
 * NOWAIT is gone.
 */
export function changeLockedSql(backfill: CompiledBackfill, key: BackfillKey, rows: BatchRows): string {
  const table = byKey(backfill, key)
  const columns = keyColumns(backfill, key)
  const names = columns.map((_, position) => `phasegate_locked_key${position}`)
  const aliased = columns.map((column, position) => `${column} AS ${names[position]}`).join(', ')
  const locks = lockedParts(backfill, key, rows).map(
    (part) => `(SELECT ${aliased} FROM ${table} WHERE ${part} AND ${selected(backfill)} FOR UPDATE NOWAIT)`,
  )
  const locked = `(\n${locks.join('\nUNION ALL\n')}\n) AS phasegate_locked`
  if (removes(backfill))
    return `DELETE /*+ NO_MERGE(phasegate_locked) */ ${tableName(backfill)} FROM ${locked}
STRAIGHT_JOIN ${table} ON ${compareRow(columns, '=', names)}`
  if (key.index !== 'PRIMARY')
    return `UPDATE /*+ NO_MERGE(phasegate_locked) */ ${locked}
STRAIGHT_JOIN ${table} ON ${compareRow(columns, '=', names)} SET ${assignments(backfill)}`
  return `UPDATE ${table} SET ${assignments(backfill)}
WHERE ${rows.only === undefined ? within(backfill, key, rows) : among(backfill, key, rows.only)} AND (${columns.join(', ')}) IN (
SELECT /*+ SUBQUERY(MATERIALIZATION) NO_MERGE(phasegate_locked) */ ${names.join(', ')} FROM ${locked})`
}

/** Locks the rows of a batch or fails at once. */
export function lockRowsSql(backfill: CompiledBackfill, key: BackfillKey, rows: BatchRows): readonly string[] {
  return lockedParts(backfill, key, rows).map(
    (part) => `SELECT COUNT(*) FROM ${byKey(backfill, key)} WHERE ${part} AND ${selected(backfill)} FOR UPDATE NOWAIT`,
  )
}

/** A batch of more keys than this has gaps, or is larger than any. */
const LARGEST = 50_000n

/** How many keys a range holds if it has no gap: known of whole numbers alone. Undefined: it has some, or nobody knows. */
export function keysThatFit(
  { wholeNumbers, index }: BackfillKey,
  { after, upTo, only }: BatchRows,
): bigint | undefined {
  if (wholeNumbers !== true || index !== 'PRIMARY' || after === null || upTo === null || only) return undefined
  const fitting = BigInt(upTo) - BigInt(after)
  return fitting <= LARGEST ? fitting : undefined
}

/** Locks the rows of a range or fails at once; the counts of its parts. */
export function countLockedSql(backfill: CompiledBackfill, key: BackfillKey, range: KeyRange): string {
  const counts = toBeLocked(backfill, key, range).map(
    (part) =>
      `(SELECT COUNT(*) AS \`rows\` FROM ${byKey(backfill, key)} WHERE ${part} AND ${selected(backfill)} FOR UPDATE NOWAIT)`,
  )
  return counts.join('\nUNION ALL\n')
}

const assignments = (backfill: CompiledBackfill): string =>
  assignmentOrder(backfill)
    .map(({ column, expression }) => `${quoteName(column)} = (${expression}\n)`)
    .join(', ')
