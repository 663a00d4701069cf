import { type BackfillOptions, type BackfillOutcome, runBackfill } from '@phasegate/backfill'
import {
  type Actor,
  type CompiledBackfill,
  fingerprint,
  type PhasegateEvent,
  type Session,
  systemClock,
  type Target,
  type UnitId,
} from '@phasegate/core'
import { connectPostgres } from '@phasegate/postgres'
import { onTestFinished } from 'vitest'
import type { TestDatabase } from '../support/create-database.js'

export const UNIT: UnitId = { migration: '20261122093000_fill', phase: 'backfill' }
export const ACTOR: Actor = { by: 'test', through: { process: String(process.pid) } }

/** A backfill of `items` that counts: running over a row twice would show. */
export function countingBackfill(change: Partial<CompiledBackfill> = {}): CompiledBackfill {
  return {
    table: { name: 'items' },
    set: [{ column: 'n', expression: 'n + 1' }],
    batchSize: 50,
    batchTime: 250,
    once: true,
    comparable: false,
    reads: ['n'],
    written: 'UPDATE items SET n = n + 1',
    ...change,
  }
}

/** A backfill of `items` whose result can be compared: `doubled` becomes twice `n`. */
export function comparableBackfill(change: Partial<CompiledBackfill> = {}): CompiledBackfill {
  return countingBackfill({
    set: [{ column: 'doubled', expression: 'n * 2' }],
    once: false,
    comparable: true,
    written: 'UPDATE items SET doubled = n * 2',
    ...change,
  })
}

export interface BackfillSetup {
  readonly target: Target
  readonly events: PhasegateEvent[]
  /** A session that is prepared as the engine's own are. */
  prepared(): Promise<Session>
  run(backfill: CompiledBackfill, change?: Partial<BackfillOptions>): Promise<BackfillOutcome>
}

/** A database with a journal, and an engine for it. */
export async function setUpBackfill(db: TestDatabase): Promise<BackfillSetup> {
  const target = await connectPostgres({ connection: db.url })
  onTestFinished(() => target.close())
  const session = await target.openSession('setup')
  await target.journal.ensure(session, [])
  await session.close()
  const events: PhasegateEvent[] = []
  return {
    target,
    events,
    prepared: async () => {
      const opened = await target.openSession('backfill')
      await target.backfill.prepare(opened, { lockTimeout: 200, statementTimeout: 15_000 })
      return opened
    },
    run: (backfill, change = {}) =>
      runBackfill({
        target,
        unit: UNIT,
        fingerprint: fingerprint(backfill),
        backfill,
        actor: ACTOR,
        owner: `test:${process.pid}`,
        openSession: () => target.openSession('backfill'),
        withLaneLock: (work) => underLaneLock(target, work),
        clock: systemClock,
        emit: (event) => events.push(event),
        mismatchDelayMs: 50,
        ...change,
      }),
  }
}

/** What the runner does, in short: polls for the lock on a session of its own. */
export async function underLaneLock<T>(target: Target, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await target.openSession('lane')
  try {
    while (!(await target.tryLock(session, 'backfill'))) await systemClock.sleep(10 + 20 * Math.random())
    return await work(session)
  } finally {
    // The lock ends with its session.
    await session.close()
  }
}

/** `items (id bigint key, n = 0, doubled null)` with ids from 1. */
export const itemsSql = (rows: number): string => `
  CREATE TABLE items (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0, doubled integer);
  INSERT INTO items (id) SELECT i FROM generate_series(1, ${rows}) i;`

/** How many rows have which count: `{ 1: 1000 }` when each was changed exactly once. */
export async function counts(db: TestDatabase, table = 'items'): Promise<Record<string, number>> {
  const rows = await db.query<{ n: number; rows: string }>(`SELECT n, count(*) AS rows FROM ${table} GROUP BY n`)
  return Object.fromEntries(rows.map(({ n, rows: count }) => [String(n), Number(count)]))
}

export async function unitRow(db: TestDatabase): Promise<{
  state: string
  detail: Record<string, unknown>
  error: { code: string } | null
  progress: Record<string, unknown> | null
  request: unknown
}> {
  const [row] = await db.query(
    `SELECT state, detail, error, progress, request FROM phasegate.unit WHERE migration = $1`,
    [UNIT.migration],
  )
  if (row === undefined) throw new Error('the unit has no row')
  return row as never
}

export const rangeRow = async (db: TestDatabase) =>
  (
    await db.query<{ cursor: string | null; upper: string; rows_done: string; owner: string | null; epoch: string }>(
      `SELECT * FROM phasegate.backfill_range ORDER BY ordinal DESC LIMIT 1`,
    )
  )[0]
