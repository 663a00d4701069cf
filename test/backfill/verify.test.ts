import { compareBackfill } from '@phasegate/backfill'
import { systemClock } from '@phasegate/core'
import { expect, test } from 'vitest'
import { createDatabase, describeOnEveryPostgres, describeOnEveryServer } from '../support/servers.js'
import {
  comparableBackfill,
  countingBackfill,
  itemsSql,
  journalTable,
  rangeRow,
  setUpBackfill,
  unitRow,
} from './backfill-setup.js'

/** Takes away again what is written to two of the rows. */
const undoing = {
  postgres: `CREATE FUNCTION keep_old() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.doubled := NULL; RETURN NEW; END $$;
    CREATE TRIGGER keep_old BEFORE UPDATE ON items FOR EACH ROW WHEN (NEW.id IN (7, 300)) EXECUTE FUNCTION keep_old()`,
  mysql: `CREATE TRIGGER keep_old BEFORE UPDATE ON items FOR EACH ROW SET NEW.doubled = IF(NEW.id IN (7, 300), NULL, NEW.doubled)`,
}

describeOnEveryServer('verification', (server) => {
  test('is recorded with what it rests on', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(500, server.family))
    const { run } = await setUpBackfill(db)
    expect(await run(comparableBackfill())).toEqual({ state: 'applied', rows: 500 })
    expect(await unitRow(db)).toMatchObject({
      state: 'applied',
      detail: { verified: { proof: 'compared', rows: 500, passes: 1 } },
    })
  })

  test('finds rows written in the old shape meanwhile, and a catch-up pass writes only those', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(500, server.family))
    const { run, target } = await setUpBackfill(db)
    // The greatest key is read when a pass begins and when a comparison begins: the second time, the write is there.
    let asked = 0
    const upperBound: typeof target.backfill.upperBound = async (...args) => {
      if (++asked === 2)
        await db.query('INSERT INTO items (id, n) VALUES (1000, 4); UPDATE items SET n = 3 WHERE id = 7')
      return await target.backfill.upperBound(...args)
    }
    const outcome = await run(comparableBackfill(), {
      target: { ...target, backfill: { ...target.backfill, upperBound } },
    })
    expect(outcome).toEqual({ state: 'applied', rows: 502 })
    expect(await db.query('SELECT id FROM items WHERE doubled IS NULL OR doubled <> n * 2')).toEqual([])
    expect(await rangeRow(db)).toMatchObject({ ordinal: 1, upper: '1000', rows_done: '2' })
    expect((await unitRow(db)).detail.verified).toMatchObject({ passes: 2, rows: 501 })
  })

  test('fails after its passes with sample keys when something keeps writing the old shape', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(500, server.family)}
      ${undoing[server.family === 'postgres' ? 'postgres' : 'mysql']}`)
    const { run } = await setUpBackfill(db)
    const outcome = await run(comparableBackfill(), { catchUpPasses: 2 })
    expect(outcome).toMatchObject({
      state: 'failed',
      error: {
        code: 'BACKFILL.MISMATCH',
        why: expect.stringContaining('7, 300'),
        meta: { mismatches: 2, passes: 3, sampleKeys: ['7', '300'] },
      },
    })
    await db.query(`DROP TRIGGER keep_old${server.family === 'postgres' ? ' ON items' : ''}`)
    expect((await run(comparableBackfill())).state).toBe('applied')
  })

  test('looks at a mismatch again before it counts', async () => {
    const db = await createDatabase(server)
    await db.query(
      `${itemsSql(500, server.family)} UPDATE items SET doubled = n * 2; UPDATE items SET doubled = 99 WHERE id = 250`,
    )
    const { target } = await setUpBackfill(db)
    const compare = () =>
      compareBackfill({
        target,
        backfill: comparableBackfill(),
        openSession: () => target.openSession('verify'),
        clock: systemClock,
        mismatchDelayMs: 400,
      })
    expect(await compare()).toEqual({ mismatches: 1, sampleKeys: ['250'], rows: 500 })
    const comparing = compare()
    setTimeout(() => void db.query('UPDATE items SET doubled = 0 WHERE id = 250'), 250)
    expect(await comparing).toEqual({ mismatches: 0, sampleKeys: [], rows: 500 })
  })

  test('counts a row whose expression gives NULL as right, and one that where does not select not at all', async () => {
    const db = await createDatabase(server)
    await db.query(
      `${itemsSql(100, server.family)} UPDATE items SET n = id; UPDATE items SET doubled = -1 WHERE id > 90`,
    )
    const { run } = await setUpBackfill(db)
    const backfill = comparableBackfill({
      set: [{ column: 'doubled', expression: 'nullif(n, 5) * 2' }],
      where: 'doubled IS NULL',
    })
    expect(await run(backfill)).toEqual({ state: 'applied', rows: 90 })
    expect(await db.query('SELECT n FROM items WHERE doubled IS NULL')).toEqual([{ n: 5 }])
  })

  test('of what cannot be compared rests on the ranges, and says so', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(100, server.family))
    const { run } = await setUpBackfill(db)
    await run(countingBackfill())
    expect((await unitRow(db)).detail.verified).toMatchObject({ proof: 'ranges whole', rows: 100, passes: 1 })
  })

  test('looks again at a thousand keys of a large table by those keys alone', { timeout: 60_000 }, async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(200_000, server.family))
    await db.query(server.family === 'postgres' ? 'ANALYZE items' : 'ANALYZE TABLE items')
    const { target } = await setUpBackfill(db)
    const started = performance.now()
    await compareBackfill({
      target,
      backfill: comparableBackfill({ set: [{ column: 'doubled', expression: 'n + 1' }] }),
      openSession: () => target.openSession('verify'),
      clock: systemClock,
      mismatchDelayMs: 1,
    })
    // It was minutes while the second look walked the whole index once for each key.
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  test('stops counting after a thousand and says which come first', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(5000, server.family))
    const { target } = await setUpBackfill(db)
    const comparison = await compareBackfill({
      target,
      backfill: comparableBackfill({ batchSize: 3000, set: [{ column: 'doubled', expression: 'n + 1' }] }),
      openSession: () => target.openSession('verify'),
      clock: systemClock,
      mismatchDelayMs: 1,
    })
    expect(comparison).toMatchObject({
      mismatches: 1000,
      sampleKeys: ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10'],
    })
  })
})

describeOnEveryPostgres('verification', (server) => {
  test('compares values as they are stored: casts, and types without equality', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE items (id int PRIMARY KEY, n int, r numeric(5,1), d json, p point, v varchar(3));
      INSERT INTO items SELECT i, i FROM generate_series(1, 50) i`)
    const { run } = await setUpBackfill(db)
    const outcome = await run(
      comparableBackfill({
        set: [
          { column: 'r', expression: 'n / 3.0' },
          { column: 'd', expression: "json_build_object('n', n)" },
          { column: 'p', expression: 'point(n, n)' },
          { column: 'v', expression: 'n' },
        ],
      }),
    )
    expect(outcome).toEqual({ state: 'applied', rows: 50 })
    expect((await unitRow(db)).detail.verified).toMatchObject({ proof: 'compared', passes: 1 })
  })
})

describeOnEveryServer('a backfill that reads what it sets', (server) => {
  test('is rolled back at the first batch that its where would select again', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(500, server.family))
    const { run } = await setUpBackfill(db)
    const endless = countingBackfill({ where: 'n IS NOT NULL', once: false, comparable: true, mustEnd: true })
    const before = await db.query('SELECT * FROM items ORDER BY id')
    expect(await run(endless)).toMatchObject({ state: 'failed', rows: 0, error: { code: 'BACKFILL.NOT_IDEMPOTENT' } })
    expect(await db.query('SELECT * FROM items ORDER BY id')).toEqual(before)
  })

  test('goes through where that leaves out what is done', async () => {
    const db = await createDatabase(server)
    await db.query(
      `CREATE TABLE items (id int PRIMARY KEY, e text); INSERT INTO items VALUES (1, 'A'), (2, 'b'), (3, NULL)`,
    )
    const { run } = await setUpBackfill(db)
    // A collation that does not tell cases apart would find all of them done.
    const same = (text: string): string => (server.family === 'postgres' ? text : `CAST(${text} AS BINARY)`)
    const lower = countingBackfill({
      set: [{ column: 'e', expression: 'lower(e)' }],
      where: `${same('e')} <> ${same('lower(e)')} -- not done`,
      reads: ['e'],
      once: false,
      comparable: true,
      mustEnd: true,
    })
    expect(await run(lower)).toEqual({ state: 'applied', rows: 1 })
    expect(await db.query('SELECT e FROM items ORDER BY id')).toEqual([{ e: 'a' }, { e: 'b' }, { e: null }])
  })
})

describeOnEveryPostgres('a backfill that reads what it sets', (server) => {
  test('is refused where it reads the whole row, unless that is the name of a column', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE items (id int PRIMARY KEY, n int)')
    const { run } = await setUpBackfill(db)
    const whole = comparableBackfill({ set: [{ column: 'n', expression: 'hashtext(items::text)' }], reads: ['items'] })
    await expect(run(whole)).rejects.toMatchObject({ code: 'BACKFILL.NOT_IDEMPOTENT', exit: 2 })
    await db.query('ALTER TABLE items ADD COLUMN items text')
    expect((await run(whole)).state).toBe('applied')
  })
})

describeOnEveryServer('an edited file', (server) => {
  test('starts over where running twice does no harm, and is refused where it does', async () => {
    const db = await createDatabase(server)
    await db.query(
      `${itemsSql(100, server.family)} UPDATE items SET n = id; ALTER TABLE items ADD CONSTRAINT small CHECK (doubled < 180)`,
    )
    const { run } = await setUpBackfill(db)
    expect(await run(comparableBackfill({ batchSize: 10 }))).toMatchObject({ state: 'failed', rows: 89 })
    const edited = comparableBackfill({ set: [{ column: 'doubled', expression: 'n' }] })
    expect(await run(edited)).toEqual({ state: 'applied', rows: 100 })
    expect(await db.query('SELECT id FROM items WHERE doubled <> n')).toEqual([])
    await db.query(`UPDATE ${journalTable(server.family, 'unit')} SET state = 'failed';
      UPDATE ${journalTable(server.family, 'backfill_range')} SET ${server.family === 'postgres' ? 'cursor' : '`cursor`'} = '50'`)
    await expect(run(countingBackfill())).rejects.toMatchObject({ code: 'BACKFILL.CHANGED' })
  })
})
