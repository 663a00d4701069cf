import type {
  BackfillKey,
  BackfillTarget,
  BatchResult,
  Compared,
  ComparedChunk,
  CompiledBackfill,
  LeasedRange,
  Session,
  TransactionOptions,
  UnitId,
} from '@phasegate/core'
import { type Capabilities, capabilitiesOf } from '../server/capabilities.js'
import type { MysqlServer } from '../server/mysql-server.js'
import { classifyError } from '../session/classify-error.js'
import { lockLimits, wholeMs } from '../session/session-settings.js'
import { neverEnds } from './backfill-errors.js'
import {
  batchEndSql,
  countSql,
  firstRowSql,
  greatestKeySql,
  type KeyRange,
  lockKeysSql,
  selectedKeysSql,
} from './backfill-statements.js'
import { type BatchRows, changeSql, WITHOUT_WAITING } from './change-statements.js'
import { mismatchesSql, recheckSql } from './compare-statements.js'
import { comparedColumns } from './compared-columns.js'
import { inspectTable } from './inspect-table.js'
import {
  EXPIRES,
  leaseRange,
  listRanges,
  listWorkers,
  readRange,
  releaseRange,
  renewLease,
  rowCount,
  sameText,
} from './range-lease.js'
import { readControl } from './unit-control.js'

interface KeyRow {
  readonly phasegate_text: string
  readonly [key: string]: unknown
}

/** Backfills on MySQL and MariaDB: keyset ranges over one column, one transaction a batch. */
export function createBackfillTarget(server: MysqlServer): BackfillTarget {
  const capabilities = capabilitiesOf(server)
  /** What `prepare` was given, for the transactions of that session. */
  const limits = new WeakMap<Session, TransactionOptions>()
  return {
    prepare: async (session, timeouts) => {
      await prepare(session, timeouts, capabilities)
      limits.set(session, timeouts)
    },
    inspect: (session, backfill) => inspectTable(session, backfill, server),
    upperBound: async (session, backfill, key) => await firstKey(session, greatestKeySql(backfill, key)),
    batchEnd: async (session, backfill, key, after, upper, size) =>
      (await firstKey(session, batchEndSql(backfill, key, { after, upTo: upper }, size))) ?? upper,
    addRange,
    lease: leaseRange,
    renew: renewLease,
    release: releaseRange,
    runBatch: async (session, backfill, key, range, end, leaseMs) => {
      const timeouts = limits.get(session)
      if (timeouts === undefined) throw new Error('a batch runs on a session that was prepared')
      const rows = { after: range.cursor, upTo: end }
      // A catch-up pass rewrites only what differs; where nothing can be compared there is no such pass.
      const only = range.ordinal > 0 && backfill.comparable ? await differing(session, backfill, key, rows) : undefined
      const batch: Batch = { session, backfill, key, rows: only === undefined ? rows : { ...rows, only } }
      try {
        return await session.transaction(timeouts, () =>
          moveRange(batch, range, leaseMs, capabilities.failsInsteadOfWaiting),
        )
      } catch (error) {
        if (classifyError(error) === 'lock timeout') await waitForFirstRow(batch, timeouts)
        throw error
      }
    },
    readRange,
    ranges: listRanges,
    forgetRanges: async (session, unit) => {
      await session.query('DELETE FROM phasegate_backfill_range WHERE migration = ?', [unit.migration])
    },
    control: readControl,
    workers: listWorkers,
    recordProgress: async (session, unit, progress) => {
      await session.query('UPDATE phasegate_unit SET progress = ? WHERE migration = ? AND phase = ?', [
        JSON.stringify(progress),
        unit.migration,
        unit.phase,
      ])
    },
    mismatches,
    recheck: async (session, backfill, key, keys, compared) => {
      const question = { columns: await comparedColumns(session, backfill), compared }
      const rows = await session.query<KeyRow>(recheckSql(backfill, key, question, keys))
      const still = new Set(rows.map((row) => row.phasegate_text))
      return keys.filter((one) => still.has(one))
    },
  }
}

/**
 * For the rest of the session, beside what every session of ours begins with (READ COMMITTED, strict, UTC):
 * - waits for locks and, for reads, time are limited; a batch's own statements get their limits with its transaction;
 * - a batch whose client stands still lets go of its rows, where the server can be told so.
 */
async function prepare(session: Session, timeouts: TransactionOptions, capabilities: Capabilities): Promise<void> {
  const statement = wholeMs(timeouts.statementTimeout)
  const settings = capabilities.statementTimeout
    ? [`max_statement_time = ${statement / 1000}`, `idle_write_transaction_timeout = ${Math.ceil(statement / 1000)}`]
    : [`max_execution_time = ${statement}`]
  await session.query(`SET SESSION ${lockLimits(timeouts.lockTimeout)}, ${settings.join(', ')}`)
}

async function addRange(session: Session, unit: UnitId, ordinal: number, upper: string): Promise<void> {
  await session.query(
    `INSERT INTO phasegate_backfill_range (migration, ordinal, upper) VALUES (?, ?, ?)
     ON DUPLICATE KEY UPDATE ordinal = ordinal`,
    [unit.migration, ordinal, upper],
  )
}

async function firstKey(session: Session, sql: string): Promise<string | null> {
  return (await session.query<{ phasegate_key: string }>(sql))[0]?.phasegate_key ?? null
}

interface Batch {
  readonly session: Session
  readonly backfill: CompiledBackfill
  readonly key: BackfillKey
  readonly rows: BatchRows & { readonly upTo: string }
}

/**
 * Fence, data and cursor in one transaction, which the caller rolls back on any error. The fence locks the range's row and
 * holds it until the end: whoever comes meanwhile waits, sees another cursor or epoch, and changes nothing.
 */
async function moveRange(batch: Batch, range: LeasedRange, leaseMs: number, noWait: boolean): Promise<BatchResult> {
  const { session, rows } = batch
  const { unit, ordinal, epoch } = range
  const fence = await session.query(
    `SELECT 1 FROM phasegate_backfill_range
     WHERE migration = ? AND ordinal = ? AND epoch = ? AND ${sameText('`cursor`', '?')} FOR UPDATE`,
    [unit.migration, ordinal, epoch, rows.after],
  )
  if (fence.length === 0) return { moved: false, rows: 0 }
  const changed = await changeRows(batch, noWait)
  await session.query(
    `UPDATE phasegate_backfill_range SET \`cursor\` = ?, rows_done = rows_done + ?, lease_expires = ${EXPIRES}
     WHERE migration = ? AND ordinal = ?`,
    [rows.upTo, changed, leaseMs, unit.migration, ordinal],
  )
  return { moved: true, rows: changed }
}

/** Runs the change and gives the number of its rows. Throws `BACKFILL.NOT_IDEMPOTENT` where `where` selects one again. */
async function changeRows({ session, backfill, key, rows }: Batch, noWait: boolean): Promise<number> {
  if (rows.only?.length === 0) return 0
  const changing = new Set<string>()
  if (backfill.mustEnd === true)
    for (const lock of lockKeysSql(backfill, key, rows))
      for (const row of await session.query<KeyRow>(lock)) changing.add(row.phasegate_text)
  let changed = 0
  for (const change of changeSql(backfill, key, rows, noWait)) {
    await session.query(noWait ? `${WITHOUT_WAITING}${change}` : change)
    changed += await rowCount(session)
  }
  if (backfill.mustEnd !== true) return changed
  // Not every row that is selected now was changed by us: somebody may have brought one into the range meanwhile.
  const selected = await session.query<KeyRow>(selectedKeysSql(backfill, key, rows))
  const again = selected.find((row) => changing.has(row.phasegate_text))
  if (again !== undefined) throw neverEnds(backfill, again.phasegate_text)
  return changed
}

/**
 * After a batch that gave way, on a session that holds nothing any more, so that nobody can be in a deadlock with it. In a
 * batch that became as small as one row, that is the row that somebody holds: now it is seen who.
 */
async function waitForFirstRow({ session, backfill, key, rows }: Batch, timeouts: TransactionOptions): Promise<void> {
  try {
    await session.limited(timeouts, () => session.query(firstRowSql(backfill, key, rows)))
  } catch {
    // It was not free in time; the batch has failed with what counts.
  }
}

/** More keys than these are no list for a condition: then all rows are written, which changes nothing in those that are right. */
const MOST_KEYS = 1000

/** Keys of the rows that differ now. */
async function differing(
  session: Session,
  backfill: CompiledBackfill,
  key: BackfillKey,
  range: KeyRange,
): Promise<readonly string[] | undefined> {
  const question = { columns: await comparedColumns(session, backfill), compared: 'differs' } as const
  const rows = await session.query<KeyRow>(mismatchesSql(backfill, key, question, range, MOST_KEYS + 1))
  return rows.length > MOST_KEYS ? undefined : rows.map((row) => row.phasegate_text)
}

async function mismatches(
  session: Session,
  backfill: CompiledBackfill,
  key: BackfillKey,
  after: string | null,
  end: string,
  limit: number,
  compared: Compared,
): Promise<ComparedChunk> {
  const range = { after, upTo: end }
  const question = { columns: await comparedColumns(session, backfill), compared }
  const [count] = await session.query<{ rows: string | number }>(countSql(backfill, key, range))
  const rows = await session.query<KeyRow>(mismatchesSql(backfill, key, question, range, limit))
  return { rows: Number(count?.rows ?? 0), keys: rows.map((row) => row.phasegate_text) }
}
