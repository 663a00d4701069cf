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
  'the primary key': { key: { columns: [{ name: 'id', type: 'bigint' }], index: 'PRIMARY' }, keyOf: String },
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
})
