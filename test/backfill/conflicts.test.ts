import { expect, test } from 'vitest'
import { createDatabase, describeOnEveryServer } from '../support/servers.js'
import {
  comparableBackfill,
  countingBackfill,
  counts,
  itemsSql,
  rangeRow,
  setUpBackfill,
  unitRow,
} from './backfill-setup.js'

/** Refuses a row as the server does for a missing privilege. */
const guarding = {
  postgres: `CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE insufficient_privilege USING MESSAGE = 'not for you'; END $$;
    CREATE TRIGGER guard BEFORE UPDATE ON items FOR EACH ROW WHEN (OLD.id = 50) EXECUTE FUNCTION guard()`,
  mysql: `CREATE TRIGGER guard BEFORE UPDATE ON items FOR EACH ROW
    IF OLD.id = 50 THEN SIGNAL SQLSTATE '42000' SET MYSQL_ERRNO = 1142, MESSAGE_TEXT = 'not for you'; END IF`,
}

describeOnEveryServer('a backfill in conflict', (server) => {
  test('gives way to a transaction that holds a row, passes what it can, and ends when the row is free', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(1000, server.family))
    const { run, events } = await setUpBackfill(db)
    const holder = await db.open()
    await holder.query('BEGIN')
    await holder.query('UPDATE items SET n = n + 10 WHERE id = 700')
    const running = run(countingBackfill({ batchSize: 200 }))
    await expect.poll(async () => (await rangeRow(db))?.cursor, { timeout: 20_000 }).toBe('699')
    // Nobody waits for us: the rest of the table can be locked at once.
    await holder.query(
      `${server.family === 'postgres' ? `SET LOCAL lock_timeout = '1s'` : 'SET innodb_lock_wait_timeout = 1'}; SELECT count(*) FROM (SELECT id FROM items FOR UPDATE) x`,
    )
    await expect
      .poll(() => events.some((e) => e.type === 'batch.retry' && /held by session \d+ \(\w+\)/.test(e.reason)), {
        timeout: 20_000,
      })
      .toBe(true)
    await holder.query('COMMIT')
    expect(await running).toEqual({ state: 'applied', rows: 1000 })
    expect(await counts(db)).toEqual({ '1': 999, '11': 1 })
  })

  test('that gets no further fails, names the holder and loses nothing', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(100, server.family))
    const { run } = await setUpBackfill(db)
    const holder = await db.open()
    await holder.query('BEGIN; SELECT id FROM items WHERE id = 30 FOR UPDATE')
    // MySQL and MariaDB wait for whole seconds.
    const stuckMs = server.family === 'postgres' ? 4000 : 12_000
    const outcome = await run(countingBackfill({ batchSize: 10 }), { stuckMs })
    expect(outcome).toMatchObject({
      state: 'failed',
      rows: 29,
      error: { code: 'BACKFILL.STUCK', why: expect.stringMatching(/gives way to session \d+ of \w+/) },
    })
    expect((await unitRow(db)).error).toMatchObject({ code: 'BACKFILL.STUCK' })
    await holder.query('COMMIT')
    expect(await run(countingBackfill({ batchSize: 10 }))).toEqual({ state: 'applied', rows: 100 })
    expect(await counts(db)).toEqual({ '1': 100 })
  })

  test('never makes an application the victim of a deadlock', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(400, server.family))
    const { run } = await setUpBackfill(db)
    let ended = false
    // Locks rows downwards, while batches lock them upwards.
    const application = (async () => {
      const client = await db.open()
      while (!ended) {
        await client.query('BEGIN')
        for (const id of [390, 290, 190, 90, 10]) await client.query(`UPDATE items SET n = n + 10 WHERE id = ${id}`)
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
      `${itemsSql(1000, server.family)} ALTER TABLE items ADD CONSTRAINT small CHECK (doubled < 5000); UPDATE items SET n = id; UPDATE items SET n = 2500 WHERE id = 777`,
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
        message: expect.stringMatching(/key 777 .*small/),
      },
    })
    expect(await db.query('SELECT concat(count(*)) AS done FROM items WHERE doubled = n * 2')).toEqual([
      { done: '776' },
    ])
    expect(await rangeRow(db)).toMatchObject({ cursor: '776', owner: null })
    await db.query('UPDATE items SET n = 777 WHERE id = 777')
    expect(await run(backfill)).toEqual({ state: 'applied', rows: 1000 })
    expect(await db.query('SELECT id FROM items WHERE doubled IS NULL OR doubled <> n * 2')).toEqual([])
  })

  test('fails with the missing privilege, coded', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(100, server.family)} ${guarding[server.family === 'postgres' ? 'postgres' : 'mysql']}`)
    const { run } = await setUpBackfill(db)
    expect(await run(countingBackfill())).toMatchObject({ state: 'failed', error: { code: 'DATABASE.PERMISSION' } })
  })
})
