import { type BackfillOptions, type BackfillOutcome, runBackfill } from '@phasegate/backfill'
import {
  type Actor,
  type BackfillKey,
  type CompiledBackfill,
  fingerprint,
  type PhasegateEvent,
  type Session,
  systemClock,
  type Target,
  type UnitId,
} from '@phasegate/core'
import { connectMysql } from '@phasegate/mysql'
import { connectPostgres } from '@phasegate/postgres'
import { onTestFinished } from 'vitest'
import type { AnyDatabase, Family } from '../support/servers.js'

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

/** What a test of the engine needs to know of its database. */
export type BackfillDatabase = Pick<AnyDatabase, 'family' | 'url' | 'query'>

export const connect = ({ family, url }: Pick<AnyDatabase, 'family' | 'url'>): Promise<Target> =>
  family === 'postgres' ? connectPostgres({ connection: url }) : connectMysql({ connection: url })

/** A database with a journal, and an engine for it. */
export async function setUpBackfill(db: BackfillDatabase): Promise<BackfillSetup> {
  const target = await connect(db)
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

/** The numbers from 1 as `i`, to stand behind FROM. */
export function numbers(family: Family, upTo: number): string {
  if (family === 'postgres') return `generate_series(1, ${upTo}) AS i`
  const digits =
    '(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)'
  const places = Array.from({ length: String(upTo).length }, (_, place) => place)
  const sum = places.map((place) => `d${place}.d * ${10 ** place}`).join(' + ')
  return `(SELECT 1 + ${sum} AS i FROM ${places.map((place) => `${digits} AS d${place}`).join(', ')} HAVING i <= ${upTo} ORDER BY i) AS numbers`
}

/** `items (id bigint key, n = 0, doubled null)` with ids from 1. */
export const itemsSql = (rows: number, family: Family = 'postgres'): string => `
  CREATE TABLE items (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0, doubled integer);
  INSERT INTO items (id) SELECT i FROM ${numbers(family, rows)};`

/** An expression of value 0 that takes `ms` for each row; the `0 * n` keeps it from being computed once for all of them. */
export const pause = (family: Family, ms: number): string =>
  family === 'postgres'
    ? `(SELECT 0 * length(pg_sleep(${ms / 1000} + 0 * n)::text))`
    : `0 * SLEEP(${ms / 1000} + 0 * n)`

/** The key of `items`. */
export const keyOf = ({ family }: { readonly family: Family }): BackfillKey => ({
  columns: [{ name: 'id', type: 'bigint' }],
  index: family === 'postgres' ? 'items_pkey' : 'PRIMARY',
})

/** The journal's tables. */
export const journalTable = (family: Family, table: 'unit' | 'backfill_range'): string =>
  family === 'postgres' ? `phasegate.${table}` : `phasegate_${table}`

/** How many rows have which count: `{ 1: 1000 }` when each was changed exactly once. */
export async function counts(db: BackfillDatabase, table = 'items'): Promise<Record<string, number>> {
  const rows = await db.query<{ n: number; total: string }>(`SELECT n, count(*) AS total FROM ${table} GROUP BY n`)
  return Object.fromEntries(rows.map(({ n, total }) => [String(n), Number(total)]))
}

interface UnitRow {
  readonly state: string
  readonly detail: Record<string, unknown>
  readonly error: { code: string } | null
  readonly progress: Record<string, unknown> | null
  readonly request: unknown
}

export async function unitRow(db: BackfillDatabase): Promise<UnitRow> {
  const [row] = await db.query(
    `SELECT state, detail, error, progress, request FROM ${journalTable(db.family, 'unit')}
     WHERE migration = '${UNIT.migration}'`,
  )
  if (row === undefined) throw new Error('the unit has no row')
  // MariaDB keeps JSON as a text.
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    name !== 'state' && typeof value === 'string' ? JSON.parse(value) : value,
  ])
  return Object.fromEntries(entries) as UnitRow
}

interface RangeRow {
  readonly ordinal: number
  readonly cursor: string | null
  readonly upper: string
  readonly rows_done: string
  readonly owner: string | null
  readonly epoch: string
  readonly pass: number
  readonly keys_done: string
}

/** Every range, by its number; numbers beyond an integer as text. */
export async function allRanges(db: BackfillDatabase): Promise<readonly RangeRow[]> {
  const rows = await db.query(`SELECT * FROM ${journalTable(db.family, 'backfill_range')} ORDER BY ordinal`)
  return rows.map(
    (row) =>
      ({
        ...row,
        rows_done: String(row.rows_done),
        keys_done: String(row.keys_done),
        epoch: String(row.epoch),
      }) as unknown as RangeRow,
  )
}

/** The range that was made last. */
export async function rangeRow(db: BackfillDatabase): Promise<RangeRow | undefined> {
  return (await allRanges(db)).at(-1)
}
