import type { BackfillKey, Session } from '@phasegate/core'
import { expect, test } from 'vitest'
import {
  batchEndSql,
  countSql,
  firstRowSql,
  lockKeysSql,
} from '../../packages/mysql/dist/backfill/backfill-statements.js'
import {
  type BatchRows,
  changeLockedSql,
  changePartsSql,
  changeRangeSql,
  countLockedSql,
  WITHOUT_WAITING,
} from '../../packages/mysql/dist/backfill/change-statements.js'
import { mismatchesSql, recheckSql } from '../../packages/mysql/dist/backfill/compare-statements.js'
import { createDatabase, describeOnEveryMysql, type SharedMysql } from '../support/servers.js'
import { comparableBackfill, numbers, setUpBackfill } from './backfill-setup.js'

interface PlanRow {
  readonly table: string | null
  readonly type: string | null
  readonly key: string | null
  readonly [key: string]: unknown
}

async function explain({ family }: SharedMysql, session: Session, statement: string): Promise<readonly PlanRow[]> {
  return await session.query<PlanRow>(`EXPLAIN ${family === 'mysql' ? 'FORMAT = TRADITIONAL ' : ''}${statement}`)
}

const backfill = comparableBackfill({ where: `doubled IS NULL AND state = 'old'` })

interface Walked {
  readonly key: BackfillKey
  readonly keyOf: (id: number) => string
}

const KEYS: Readonly<Record<string, Walked>> = {
  'the primary key': {
    key: { columns: [{ name: 'id', type: 'bigint' }], index: 'PRIMARY', wholeNumbers: true },
    keyOf: String,
  },
  'another key, in another character set': {
    key: {
      columns: [{ name: 'code', type: 'varchar(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci' }],
      index: 'code',
    },
    keyOf: (id) => `é${String(id).padStart(6, '0')}`,
  },
}

const changes = ({ family }: SharedMysql, key: BackfillKey, rows: BatchRows): readonly string[] =>
  family === 'mariadb'
    ? changePartsSql(backfill, key, rows)
    : [changeRangeSql(backfill, key, rows), changeLockedSql(backfill, key, rows)]

/** What statistics may say of the table, and an index that tempts the optimizer away from the key. */
const STATISTICS = {
  'never taken': '',
  'that are right': 'ANALYZE TABLE items',
  'of a table that had no row for the condition': `UPDATE items SET state = 'new'; ANALYZE TABLE items; UPDATE items SET state = 'old'`,
}

describeOnEveryMysql('plans', (server) => {
  for (const [statistics, sql] of Object.entries(STATISTICS)) {
    test(`walk the key's index, with statistics ${statistics}`, async () => {
      const db = await createDatabase(server)
      await db.query(`CREATE TABLE items (id bigint PRIMARY KEY, code varchar(20) CHARACTER SET latin1 NOT NULL, n integer,
          doubled integer, state varchar(9), UNIQUE KEY code (code), KEY tempting (state, doubled)) STATS_AUTO_RECALC = 0;
        INSERT INTO items SELECT i, CONCAT('é', LPAD(i, 6, '0')), 0, NULL, 'old' FROM ${numbers(server.family, 20_000)};
        ${sql}`)
      const { prepared } = await setUpBackfill(db)
      const session = await prepared()
      for (const { key, keyOf } of Object.values(KEYS)) {
        const range = { after: keyOf(400), upTo: keyOf(900) }
        const compared = { columns: [{ bytes: false }], compared: 'differs' } as const
        const keys = Array.from({ length: 200 }, (_, index) => keyOf(index + 1))
        for (const statement of [
          batchEndSql(backfill, key, range, 100),
          countSql(backfill, key, range),
          firstRowSql(backfill, key, range),
          ...lockKeysSql(backfill, key, range),
          ...changes(server, key, range),
          ...changes(server, key, { ...range, only: keys }),
          countLockedSql(backfill, key, range),
          mismatchesSql(backfill, key, compared, range, 10),
          recheckSql(backfill, key, compared, keys),
        ]) {
          const reads = (await explain(server, session, statement)).filter(({ table }) => table === 'items')
          expect(reads.length, statement).toBeGreaterThan(0)
          for (const { type, key: used } of reads) {
            expect(used, statement).toBe(key.index)
            expect(['range', 'eq_ref', 'const'], statement).toContain(type)
          }
        }
      }
      await session.close()
    })
  }

  test('give way to who holds a row, and to nobody for the row behind a range', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE items (id bigint PRIMARY KEY, code varchar(20) CHARACTER SET latin1 NOT NULL, n integer,
      doubled integer, state varchar(9), UNIQUE KEY code (code));
      INSERT INTO items SELECT i, CONCAT('é', LPAD(i, 6, '0')), 0, NULL, 'old' FROM ${numbers(server.family, 100)}`)
    const { prepared } = await setUpBackfill(db)
    const session = await prepared()
    const holder = await db.open()
    await holder.query('BEGIN; UPDATE items SET n = 5 WHERE id = 50')
    for (const { key, keyOf } of Object.values(KEYS)) {
      const run = async (ids: readonly number[], only?: readonly string[]): Promise<number> => {
        const [after, upTo] = [keyOf(ids[0]! - 1), keyOf(ids.at(-1)!)]
        const started = performance.now()
        const rows = { after, upTo, ...(only === undefined ? {} : { only }) }
        for (const statement of server.family === 'mariadb'
          ? changePartsSql(backfill, key, rows)
          : [changeLockedSql(backfill, key, rows)])
          await session.query(server.family === 'mariadb' ? `${WITHOUT_WAITING}${statement}` : statement)
        return performance.now() - started
      }
      const refused = { errno: server.family === 'mysql' ? 3572 : 1205 }
      await expect(run([40, 60])).rejects.toMatchObject(refused)
      await expect(run([50])).rejects.toMatchObject(refused)
      await expect(run([40, 60], [keyOf(45), keyOf(50)])).rejects.toMatchObject(refused)
      expect(await run([49])).toBeLessThan(900)
      expect(await run([40, 60], [keyOf(49), keyOf(51)])).toBeLessThan(900)
    }
    await holder.query('ROLLBACK')
    await session.close()
  })

  test.each([
    ['never taken', ''],
    ['that are right', 'ANALYZE TABLE items'],
    ['from when it was small', SMALL_ONCE],
  ])('read no more than the batch of a composite key, with statistics %s', async (_, sql) => {
    const db = await createDatabase(server)
    const rows = (from: number, upTo: number) =>
      `INSERT INTO items SELECT IF(i % 20 = 0, i % 7, 3), i, i, 0, NULL, 'old' FROM ${numbers(server.family, upTo)} WHERE i >= ${from};`
    await db.query(`CREATE TABLE items (tenant integer, id bigint, code integer NOT NULL, n integer, doubled integer, state varchar(9),
        PRIMARY KEY (tenant, id), UNIQUE KEY other (tenant, code), KEY prefix (tenant), KEY tempting (state, doubled)) STATS_AUTO_RECALC = 0;
      ${sql === SMALL_ONCE ? `${rows(1, 100)} ANALYZE TABLE items; ${rows(101, 20_000)}` : `${rows(1, 20_000)} ${sql}`}`)
    const { prepared } = await setUpBackfill(db)
    const session = await prepared()
    const compared = { columns: [{ bytes: false }], compared: 'differs' } as const
    for (const key of [tenantKey('PRIMARY', 'id', 'bigint'), tenantKey('other', 'code', 'int')]) {
      for (const [after, upTo] of RANGES) {
        const range = { after, upTo }
        const keys = [upTo, '["4","4"]', ...Array.from({ length: 200 }, (_one, id) => `["3","${id * 7}"]`)]
        const statements = [
          batchEndSql(backfill, key, { after, upTo: '["6","20000"]' }, 100),
          countSql(backfill, key, range),
          firstRowSql(backfill, key, range),
          ...lockKeysSql(backfill, key, range),
          ...changes(server, key, range),
          ...changes(server, key, { ...range, only: keys }),
          countLockedSql(backfill, key, range),
          mismatchesSql(backfill, key, compared, range, 10),
          recheckSql(backfill, key, compared, keys),
        ]
        for (const statement of statements) {
          const reads = (await explain(server, session, statement)).filter(({ table }) => table === 'items')
          expect(reads.length, statement).toBeGreaterThan(0)
          for (const { type, key: used } of reads) {
            expect(used, statement).toBe(key.index)
            expect(['range', 'eq_ref', 'const', 'ref'], statement).toContain(type)
          }
          // The group of tenant 3 alone has 19,000 rows; a batch here has at most 200.
          await session.query('BEGIN')
          expect(await rowsRead(session, statement), statement).toBeLessThan(2000)
          await session.query('ROLLBACK')
        }
      }
    }
    await session.close()
  })

  test.each([
    'HASH (id) PARTITIONS 3',
    'RANGE (id) (PARTITION p0 VALUES LESS THAN (9000), PARTITION p1 VALUES LESS THAN MAXVALUE)',
  ])('read no more than the batch of a table that is parted by %s', async (method) => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE items (tenant integer, id bigint, n integer, doubled integer, state varchar(9),
        PRIMARY KEY (tenant, id), KEY prefix (tenant), KEY tempting (state, doubled)) PARTITION BY ${method};
      INSERT INTO items SELECT IF(i % 20 = 0, i % 7, 3), i, 0, NULL, 'old' FROM ${numbers(server.family, 20_000)}`)
    const { prepared } = await setUpBackfill(db)
    const session = await prepared()
    const key = tenantKey('PRIMARY', 'id', 'bigint')
    for (const [after, upTo] of RANGES) {
      const range = { after, upTo }
      for (const statement of [
        batchEndSql(backfill, key, { after, upTo: '["6","20000"]' }, 100),
        ...lockKeysSql(backfill, key, range),
        ...changes(server, key, range),
        mismatchesSql(backfill, key, { columns: [{ bytes: false }], compared: 'differs' }, range, 10),
      ]) {
        const reads = (await explain(server, session, statement)).filter(({ table }) => table === 'items')
        for (const { key: used } of reads) expect(used, statement).toBe('PRIMARY')
        await session.query('BEGIN')
        expect(await rowsRead(session, statement), statement).toBeLessThan(2000)
        await session.query('ROLLBACK')
      }
    }
    await session.close()
  })
})

const SMALL_ONCE = 'once small'

const tenantKey = (index: string, name: string, type: string): BackfillKey => ({
  columns: [
    { name: 'tenant', type: 'int' },
    { name, type },
  ],
  index,
})

/** In the large group, into it, out of it, over several small ones, and from the start. */
const RANGES: readonly (readonly [after: string | null, upTo: string])[] = [
  ['["3","1000"]', '["3","1199"]'],
  ['["2","19000"]', '["3","101"]'],
  ['["3","19900"]', '["4","2020"]'],
  ['["4","19000"]', '["6","440"]'],
  [null, '["0","8960"]'],
]

/** Rows and entries that the engine of the server hands out for a statement. */
async function rowsRead(session: Session, statement: string): Promise<number> {
  const read = async (): Promise<number> => {
    const rows = await session.query<{ Value: string }>("SHOW SESSION STATUS LIKE 'Handler_read%'")
    return rows.reduce((sum, { Value }) => sum + Number(Value), 0)
  }
  const before = await read()
  await session.query(statement)
  return (await read()) - before
}
