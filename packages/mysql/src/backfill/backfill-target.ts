import type {
  BackfillKey,
  BackfillTarget,
  Compared,
  ComparedChunk,
  CompiledBackfill,
  Session,
  TransactionOptions,
  UnitId,
} from '@phasegate/core'
import { type Capabilities, capabilitiesOf } from '../server/capabilities.js'
import type { MysqlServer } from '../server/mysql-server.js'
import { lockLimits, wholeMs } from '../session/session-settings.js'
import { batchEndSql, countSql, greatestKeySql } from './backfill-statements.js'
import { mismatchesSql, recheckSql } from './compare-statements.js'
import { comparedColumns } from './compared-columns.js'
import { inspectTable } from './inspect-table.js'
import { createMapTarget } from './map-target.js'
import { leaseRange, listRanges, listWorkers, readRange, releaseRange, renewLease } from './range-lease.js'
import { recordProgress } from './record-progress.js'
import { type KeyRow, runBatch } from './run-batch.js'
import { readControl } from './unit-control.js'

/** Backfills on MySQL and MariaDB: keyset ranges, one transaction a batch. */
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
    runBatch: async (session, backfill, key, range, end, leaseMs, changes) => {
      const timeouts = limits.get(session)
      if (timeouts === undefined) throw new Error('a batch runs on a session that was prepared')
      const { failsInsteadOfWaiting, rowInValues } = capabilities
      const able = { failsInsteadOfWaiting, rowInValues }
      return await runBatch({ session, backfill, key, range, end, leaseMs, timeouts, changes, ...able })
    },
    readRange,
    ranges: listRanges,
    forgetRanges: async (session, unit) => {
      await session.query('DELETE FROM phasegate_backfill_range WHERE migration = ?', [unit.migration])
    },
    control: readControl,
    workers: listWorkers,
    recordProgress,
    ...createMapTarget(capabilities.rowInValues),
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
