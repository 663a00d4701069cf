import type {
  BackfillKey,
  BackfillTarget,
  BatchResult,
  Compared,
  ComparedChunk,
  CompiledBackfill,
  LeasedRange,
  RowChange,
  Session,
  TransactionOptions,
  UnitId,
} from '@phasegate/core'
import { sqlState } from '../session/classify-error.js'
import { neverEnds } from './backfill-errors.js'
import {
  batchSql,
  greatestKeySql,
  keyBeforeSql,
  mismatchesSql,
  recheckSql,
  STILL_SELECTED,
} from './backfill-statements.js'
import { batchEnd } from './batch-end.js'
import { comparedColumns } from './compared-columns.js'
import { inspectTable } from './inspect-table.js'
import { commonColumns } from './key-form.js'
import { givenRows, mappingOf, mapTarget } from './map-target.js'
import { isPageKey, lastPage, missedRowsSql } from './page-key.js'
import { quarantineTarget } from './quarantine.js'
import { leaseRange, listRanges, listWorkers, readRange, releaseRange, renewLease, sumRanges } from './range-lease.js'
import { createTableReclaimer } from './reclaim-table.js'
import { recordProgress } from './record-progress.js'
import { serverSignals } from './signals/server-signals.js'
import { splitRange } from './split-range.js'
import { readControl } from './unit-control.js'

/** Backfills on PostgreSQL: keyset ranges, one statement a batch. */
export function createBackfillTarget(): BackfillTarget {
  return {
    prepare,
    inspect: inspectTable,
    upperBound: async (session, backfill, key) =>
      isPageKey(key)
        ? await lastPage(session, backfill)
        : ((await session.query<{ key: string }>(greatestKeySql(backfill, key)))[0]?.key ?? null),
    batchEnd,
    addRange,
    lease: leaseRange,
    renew: renewLease,
    release: releaseRange,
    split: splitRange,
    runBatch,
    readRange,
    ranges: listRanges,
    totals: sumRanges,
    forgetRanges: async (session, unit) => {
      await session.query('DELETE FROM phasegate.backfill_range WHERE migration = $1', [unit.migration])
      await session.query('DELETE FROM phasegate.quarantine WHERE migration = $1', [unit.migration])
    },
    control: readControl,
    workers: listWorkers,
    recordProgress,
    ...mapTarget,
    ...quarantineTarget,
    keyBefore: async (session, backfill, key, of) =>
      (await session.query<{ key: string }>(keyBeforeSql(backfill, key), [of]))[0]?.key ?? null,
    setPace: async (session, unit, pace) => {
      await session.query(
        `UPDATE phasegate.unit SET pace = coalesce(pace, '{}') || $3::jsonb WHERE migration = $1 AND phase = $2`,
        [unit.migration, unit.phase, JSON.stringify(pace)],
      )
    },
    signals: serverSignals,
    reclaimer: createTableReclaimer,
    mismatches,
    recheck: async (session, backfill, key, keys, compared) => {
      const statement = isPageKey(key) ? missedRowsSql : recheckSql
      const sql = statement(backfill, key, await comparedColumns(session, backfill), compared)
      const still = new Set((await session.query<{ key: string }>(sql, [keys])).map((row) => row.key))
      return keys.filter((one) => still.has(one))
    },
  }
}

/**
 * For the rest of the session:
 * - whole scans and sorts are out, so that with any statistics a batch is a range scan of the key's index;
 * - no JIT: before 18 a disabled plan that is the only one counts as hugely expensive, and each batch would be compiled;
 * - keys come as text that reads back to the same value: ISO dates, all digits of a float;
 * - row security raises an error instead of hiding rows from the backfill (PostgreSQL docs: row_security);
 * - a statement whose client is gone ends within a second (client_connection_check_interval);
 * - a transaction whose client stands still is rolled back, for what it holds others wait for.
 */
async function prepare(session: Session, timeouts: TransactionOptions): Promise<void> {
  const { lockTimeout, statementTimeout } = timeouts
  if (![lockTimeout, statementTimeout].every((ms) => Number.isInteger(ms) && ms >= 0))
    throw new Error(`timeouts are whole numbers of ms, not ${lockTimeout} and ${statementTimeout}`)
  await session.query(`
    SET lock_timeout = '${lockTimeout}ms';
    SET statement_timeout = '${statementTimeout}ms';
    SET idle_in_transaction_session_timeout = '${IDLE_LIMIT}ms';
    SET idle_session_timeout = 0;
    SET row_security = off;
    SET enable_seqscan = off;
    SET enable_sort = off;
    SET enable_incremental_sort = off;
    SET jit = off;
    SET DateStyle = 'ISO';
    SET IntervalStyle = 'postgres';
    SET extra_float_digits = 1;
    SET bytea_output = 'hex'`)
  try {
    await session.query(`SET client_connection_check_interval = '1s'`)
  } catch (error) {
    // Servers on Windows cannot watch the socket: there a lost client is noticed when its statement ends.
    if (sqlState(error) !== INVALID_PARAMETER_VALUE) throw error
  }
}

/** ms */
const IDLE_LIMIT = 5000

const INVALID_PARAMETER_VALUE = '22023'

async function addRange(session: Session, unit: UnitId, pass: number, upper: string): Promise<void> {
  await session.query(
    `INSERT INTO phasegate.backfill_range (migration, ordinal, pass, upper)
     SELECT $1, coalesce(max(ordinal) + 1, 0), $2::integer, $3 FROM phasegate.backfill_range WHERE migration = $1
     HAVING coalesce(max(pass), -1) < $2::integer`,
    [unit.migration, pass, upper],
  )
}

async function runBatch(
  session: Session,
  backfill: CompiledBackfill,
  key: BackfillKey,
  range: LeasedRange,
  end: string,
  leaseMs: number,
  keys: number | null,
  changes?: readonly RowChange[],
): Promise<BatchResult> {
  // A catch-up pass rewrites only what differs; where nothing can be compared there is no such pass.
  const only = range.pass > 0 && backfill.comparable ? await comparedColumns(session, backfill) : undefined
  const mapping = changes === undefined ? undefined : await mappingOf(session, backfill, key)
  const sql = batchSql(backfill, key, {
    bounded: range.cursor !== null,
    common: commonColumns(key, range.cursor, end),
    ...(only === undefined ? {} : { only }),
    ...(mapping === undefined ? {} : { mapping }),
  })
  const values = [range.unit.migration, range.ordinal, range.epoch, range.cursor, end, leaseMs, range.upper, keys]
  if (mapping !== undefined) values.push(givenRows(mapping, changes ?? []))
  const [row] = await session
    .query<{ rows: string; waited: boolean; stale: boolean }>(sql, values)
    .catch((error: unknown) => {
      throw error instanceof Error && error.message.includes(STILL_SELECTED) ? neverEnds(backfill, error) : error
    })
  if (row?.stale) return { moved: false, rows: 0, stale: true }
  if (row === undefined) return { moved: false, rows: 0 }
  return { moved: true, rows: Number(row.rows), ...(row.waited ? { waited: true } : {}) }
}

async function mismatches(
  session: Session,
  backfill: CompiledBackfill,
  key: BackfillKey,
  after: string | null,
  end: string,
  limit: number,
  compared: Compared,
  except: readonly string[] = [],
): Promise<ComparedChunk> {
  const values = [end, limit, ...(after === null ? [] : [after]), ...(except.length > 0 ? [except] : [])]
  const shape = {
    bounded: after !== null,
    common: commonColumns(key, after, end),
    ...(except.length > 0 ? { except: values.length } : {}),
  }
  const sql = mismatchesSql(backfill, key, await comparedColumns(session, backfill), shape, compared)
  const [row] = await session.query<{ rows: string; keys: readonly string[] }>(sql, values)
  return { rows: Number(row?.rows ?? 0), keys: row?.keys ?? [] }
}
