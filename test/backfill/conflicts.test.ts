import { expect, test } from 'vitest'
import { createDatabase, describeOnEveryPostgres } from '../support/servers.js'
import {
  comparableBackfill,
  countingBackfill,
  counts,
  itemsSql,
  rangeRow,
  setUpBackfill,
  unitRow,
} from './backfill-setup.js'

describeOnEveryPostgres('a backfill in conflict', (server) => {
  test('gives way to a transaction that holds a row, passes what it can, and ends when the row is free', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(1000))
    const { run, events } = await setUpBackfill(db)
    const holder = await db.connect()
    await holder.query('BEGIN')
    await holder.query('UPDATE items SET n = n + 10 WHERE id = 700')
    const running = run(countingBackfill({ batchSize: 200 }))
    await expect.poll(async () => (await rangeRow(db))?.cursor, { timeout: 20_000 }).toBe('699')
    // Nobody waits for us: the rest of the table can be locked at once.
    await holder.query("SET LOCAL lock_timeout = '1s'; SELECT count(*) FROM (SELECT FROM items FOR UPDATE) x")
    await expect
      .poll(() => events.some((e) => e.type === 'batch.retry' && /held by session \d+ \(test\)/.test(e.reason)), {
        timeout: 20_000,
      })
      .toBe(true)
    await holder.query('COMMIT')
    expect(await running).toEqual({ state: 'applied', rows: 1000 })
    expect(await counts(db)).toEqual({ '1': 999, '11': 1 })
  })

  test('that gets no further fails, names the holder and loses nothing', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(100))
    const { run } = await setUpBackfill(db)
    const holder = await db.connect()
    await holder.query('BEGIN; SELECT FROM items WHERE id = 30 FOR UPDATE')
    const outcome = await run(countingBackfill({ batchSize: 10 }), { stuckMs: 4000 })
    expect(outcome).toMatchObject({
      state: 'failed',
      rows: 29,
      error: { code: 'BACKFILL.STUCK', why: expect.stringMatching(/gives way to session \d+ of postgres \(test/) },
    })
    expect((await unitRow(db)).error).toMatchObject({ code: 'BACKFILL.STUCK' })
    await holder.query('COMMIT')
    expect(await run(countingBackfill({ batchSize: 10 }))).toEqual({ state: 'applied', rows: 100 })
    expect(await counts(db)).toEqual({ '1': 100 })
  })

  test('never makes an application the victim of a deadlock', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(400))
    const { run } = await setUpBackfill(db)
    let ended = false
    // Locks rows downwards, while batches lock them upwards.
    const application = (async () => {
      const client = await db.connect()
      while (!ended) {
        await client.query('BEGIN')
        for (const id of [390, 290, 190, 90, 10]) await client.query('UPDATE items SET n = n + 10 WHERE id = $1', [id])
        await client.query('COMMIT')
      }
    })()
    const outcome = await run(countingBackfill({ batchSize: 400 }), { limits: { floor: 10, ceiling: 400 } })
    ended = true
    await application
    expect(outcome).toEqual({ state: 'applied', rows: 400 })
    expect(await db.query('SELECT id FROM items WHERE n % 10 <> 1')).toEqual([])
  })

  test('stops at a row that cannot be changed, with its key and the error, and goes on once it is corrected', async () => {
    const db = await createDatabase(server)
    await db.query(
      `${itemsSql(1000)} ALTER TABLE items ADD CONSTRAINT small CHECK (doubled < 5000); UPDATE items SET n = id; UPDATE items SET n = 2500 WHERE id = 777`,
    )
    const { run } = await setUpBackfill(db)
    const backfill = comparableBackfill({ batchSize: 300 })
    const outcome = await run(backfill)
    expect(outcome).toMatchObject({
      state: 'failed',
      rows: 776,
      error: {
        code: 'BACKFILL.ROW',
        exit: 9,
        meta: { key: '777' },
        message: expect.stringMatching(/key 777 .*"small"/),
      },
    })
    expect(await db.query('SELECT count(*)::int AS done FROM items WHERE doubled = n * 2')).toEqual([{ done: 776 }])
    expect(await rangeRow(db)).toMatchObject({ cursor: '776', owner: null })
    await db.query('UPDATE items SET n = 777 WHERE id = 777')
    expect(await run(backfill)).toEqual({ state: 'applied', rows: 1000 })
    expect(await db.query('SELECT count(*)::int AS wrong FROM items WHERE doubled IS DISTINCT FROM n * 2')).toEqual([
      { wrong: 0 },
    ])
  })

  test('fails with the missing privilege, coded', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(100)}
      CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE insufficient_privilege USING MESSAGE = 'not for you'; END $$;
      CREATE TRIGGER guard BEFORE UPDATE ON items FOR EACH ROW WHEN (OLD.id = 50) EXECUTE FUNCTION guard()`)
    const { run } = await setUpBackfill(db)
    expect(await run(countingBackfill())).toMatchObject({ state: 'failed', error: { code: 'DATABASE.PERMISSION' } })
  })
})
