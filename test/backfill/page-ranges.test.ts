import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { changeSql } from '../../packages/postgres/dist/backfill/backfill-statements.js'
import { PAGE_KEY } from '../../packages/postgres/dist/backfill/page-key.js'
import { createDatabase, describeOnEveryPostgres } from '../support/servers.js'
import { comparableBackfill, setUpBackfill } from './backfill-setup.js'

/** What the compiler says of a `where` over the column that is set. */
const ENDS = { where: 'doubled IS NULL', whereEnds: true } as const

const TABLE = `CREATE TABLE items (id bigint NOT NULL, n integer NOT NULL, doubled integer, filler text DEFAULT repeat('x', 100));
  INSERT INTO items (id, n) SELECT i, i FROM generate_series(1, 20000) i;`

describeOnEveryPostgres('a table without a key', (server) => {
  test('goes by its pages, and each batch reads those alone', async () => {
    const db = await createDatabase(server)
    await db.query(`${TABLE} INSERT INTO items (id, n) SELECT 1, 7 FROM generate_series(1, 5)`)
    const { run, events, prepared } = await setUpBackfill(db)
    const outcome = await run(comparableBackfill({ ...ENDS, batchSize: 500 }), { limits: { floor: 500, ceiling: 500 } })
    expect(outcome).toMatchObject({ state: 'applied', rows: 20_005 })
    expect(await db.query('SELECT count(*)::int AS wrong FROM items WHERE doubled IS DISTINCT FROM n * 2')).toEqual([
      { wrong: 0 },
    ])
    expect(events.filter(({ type }) => type === 'batch.done').length).toBeGreaterThan(20)
    const session = await prepared()
    const plan = await session.query(`EXPLAIN ${changeSql(comparableBackfill(ENDS), PAGE_KEY)}`, ['(10,0)', '(20,0)'])
    expect(JSON.stringify(plan)).toMatch(/Tid Range Scan on items/)
    await session.close()
  })

  test('loses no row that moves while its pages are walked', async () => {
    const db = await createDatabase(server)
    await db.query(TABLE)
    const { run } = await setUpBackfill(db)
    let ended = false
    const running = run(comparableBackfill({ ...ENDS, batchSize: 200 }), {
      limits: { floor: 200, ceiling: 200 },
    }).finally(() => {
      ended = true
    })
    let moved = 0
    while (!ended) {
      // An old build: it knows nothing of the new column, so that rows go to other pages as they are.
      if (moved < 20) await db.query(`UPDATE items SET filler = repeat('y', 110) WHERE id % 97 = ${moved++ % 97}`)
      await sleep(5)
    }
    expect((await running).state).toBe('applied')
    expect(moved).toBeGreaterThan(2)
    expect(await db.query('SELECT count(*)::int AS wrong FROM items WHERE doubled IS DISTINCT FROM n * 2')).toEqual([
      { wrong: 0 },
    ])
  })

  test('is looked at again where a row that differed has moved: nobody knows what became of it', async () => {
    const db = await createDatabase(server)
    await db.query(TABLE)
    const { target, prepared } = await setUpBackfill(db)
    const session = await prepared()
    const backfill = comparableBackfill(ENDS)
    const { key } = await target.backfill.inspect(session, backfill)
    const { keys } = await target.backfill.mismatches(session, backfill, key, null, '(1,0)', 3, 'differs')
    expect(keys).toEqual(['(0,1)', '(0,2)', '(0,3)'])
    await db.query(
      `UPDATE items SET filler = 'moved' WHERE ctid = '(0,1)'; UPDATE items SET doubled = n * 2 WHERE id = 7`,
    )
    expect(await target.backfill.recheck(session, backfill, key, ['(0,1)', '(0,2)', '(0,7)'], 'differs')).toEqual([
      '(0,1)',
      '(0,2)',
      '(0,7)',
    ])
    await db.query('VACUUM FULL items')
    expect(await target.backfill.recheck(session, backfill, key, ['(0,1)'], 'differs')).toEqual(['(0,1)'])
    await session.close()
  })

  test('is refused where twice would be wrong, where nothing could be compared, and where it is partitioned', async () => {
    const db = await createDatabase(server)
    await db.query(`${TABLE} CREATE TABLE parted (LIKE items) PARTITION BY HASH (id)`)
    const { target, prepared } = await setUpBackfill(db)
    const session = await prepared()
    const refused = async (change: Parameters<typeof comparableBackfill>[0], why: RegExp) =>
      await expect(target.backfill.inspect(session, comparableBackfill(change))).rejects.toMatchObject({
        code: 'BACKFILL.NO_KEY',
        why: expect.stringMatching(why),
      })
    await refused({}, /no where reads what the backfill changes/)
    await refused({ key: ['ctid'] }, /no where reads/)
    await refused({ ...ENDS, once: true }, /cannot be compared/)
    await refused({ ...ENDS, comparable: false }, /cannot be compared/)
    await refused({ ...ENDS, table: { name: 'parted' } }, /partitioned/)
    await db.query('ALTER TABLE items ADD PRIMARY KEY (id)')
    const choose = async (change: Parameters<typeof comparableBackfill>[0]) =>
      (await target.backfill.inspect(session, comparableBackfill(change))).key.columns
    expect(await choose(ENDS)).toEqual([{ name: 'id', type: 'bigint' }])
    expect(await choose({ ...ENDS, key: ['ctid'] })).toEqual([{ name: 'ctid', type: 'tid' }])
    await session.close()
  })
})
