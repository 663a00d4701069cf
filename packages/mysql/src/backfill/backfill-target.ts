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
import { countSql, greatestKeySql, keyBeforeSql } from './backfill-statements.js'
import { batchEnd } from './batch-end.js'
import { mismatchesSql, recheckSql } from './compare-statements.js'
import { comparedColumns } from './compared-columns.js'
import { inspectTable } from './inspect-table.js'
import { createMapTarget } from './map-target.js'
import { quarantineTarget } from './quarantine.js'
import { leaseRange, listRanges, listWorkers, readRange, releaseRange, renewLease, sumRanges } from './range-lease.js'
import { recordProgress } from './record-progress.js'
import { type KeyRow, runBatch } from './run-batch.js'
import { serverSignals } from './signals/server-signals.js'
import { splitRange } from './split-range.js'
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
    batchEnd,
    addRange,
    lease: leaseRange,
    renew: renewLease,
    release: releaseRange,
    split: splitRange,
    runBatch: async (session, backfill, key, range, end, leaseMs, keys, changes) => {
      const timeouts = limits.get(session)
      if (timeouts === undefined) throw new Error('a batch runs on a session that was prepared')
      const { failsInsteadOfWaiting, rowInValues } = capabilities
      const able = { failsInsteadOfWaiting, rowInValues }
      return await runBatch({ session, backfill, key, range, end, leaseMs, keys, timeouts, changes, ...able })
    },
    readRange,
    ranges: listRanges,
    totals: sumRanges,
    forgetRanges: async (session, unit) => {
      await session.query('DELETE FROM phasegate_backfill_range WHERE migration = ?', [unit.migration])
      await session.query('DELETE FROM phasegate_quarantine WHERE migration = ?', [unit.migration])
    },
    control: readControl,
    workers: listWorkers,
    recordProgress,
    ...quarantineTarget,
    keyBefore: async (session, backfill, key, of) => await firstKey(session, keyBeforeSql(backfill, key, of)),
    ...createMapTarget(capabilities.rowInValues),
    setPace: async (session, unit, pace) => {
      await session.query('UPDATE phasegate_unit SET pace = ? WHERE migration = ? AND phase = ?', [
        JSON.stringify(pace),
        unit.migration,
        unit.phase,
      ])
    },
    signals: (request) => serverSignals(request, capabilities),
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
 * For the rest of the session, beside what every session of ours begins with (READ COMMITTED, strict, UTC): waits for locks and, for reads, time are limited. A batch's own statements get their limits with its transaction.
 */
async function prepare(session: Session, timeouts: TransactionOptions, capabilities: Capabilities): Promise<void> {
  const statement = wholeMs(timeouts.statementTimeout)
  const settings = capabilities.statementTimeout
    ? `max_statement_time = ${statement / 1000}`
    : `max_execution_time = ${statement}`
  await session.query(`SET SESSION ${lockLimits(timeouts.lockTimeout)}, ${settings}`)
}

async function addRange(session: Session, unit: UnitId, pass: number, upper: string): Promise<void> {
  await session.query(
    `INSERT INTO phasegate_backfill_range (migration, ordinal, pass, upper)
     SELECT ?, COALESCE(MAX(ordinal) + 1, 0), ?, ? FROM phasegate_backfill_range WHERE migration = ?
     HAVING COALESCE(MAX(pass), -1) < ?`,
    [unit.migration, pass, upper, unit.migration, pass],
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
  except: readonly string[] = [],
): Promise<ComparedChunk> {
  const range = { after, upTo: end }
  const question = { columns: await comparedColumns(session, backfill), compared }
  const [count] = await session.query<{ rows: string | number }>(countSql(backfill, key, range))
  const rows = await session.query<KeyRow>(mismatchesSql(backfill, key, question, range, limit, except))
  return { rows: Number(count?.rows ?? 0), keys: rows.map((row) => row.phasegate_text) }
}
