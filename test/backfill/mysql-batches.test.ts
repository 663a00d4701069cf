import { setTimeout as sleep } from 'node:timers/promises'
import type { BackfillKey, CompiledBackfill, LeasedRange, Session } from '@phasegate/core'
import { expect, test } from 'vitest'
import { processesIn } from '../support/mysql-processes.js'
import { createRandom } from '../support/seed.js'
import { createDatabase, describeOnEveryMysql, describeOnMysql, type MysqlDatabase } from '../support/servers.js'
import {
  type BackfillSetup,
  countingBackfill,
  counts,
  itemsSql,
  numbers,
  pause,
  rangeRow,
  setUpBackfill,
  UNIT,
} from './backfill-setup.js'

const PRIMARY: BackfillKey = { columns: [{ name: 'id', type: 'bigint' }], index: 'PRIMARY', wholeNumbers: true }

async function leased(setup: BackfillSetup, upper: string): Promise<{ session: Session; range: LeasedRange }> {
  const session = await setup.prepared()
  await setup.target.backfill.addRange(session, UNIT, 0, upper)
  const answer = await setup.target.backfill.lease(session, UNIT, 'first', 30_000)
  if (answer.state !== 'leased') throw new Error(answer.state)
  return { session, range: answer.range }
}

/** `runBatch`, or the errno of its error. */
async function attempt(
  { target }: BackfillSetup,
  session: Session,
  backfill: CompiledBackfill,
  key: BackfillKey,
  range: LeasedRange,
  end: string,
) {
  return await target.backfill
    .runBatch(session, backfill, key, range, end, 30_000, null)
    .catch((error: { errno?: number }) => error.errno ?? error)
}

const GAVE_WAY = [1205, 3572]

/** Waits until a slow batch is at its rows, past the first twenty of them. */
async function changing(db: MysqlDatabase): Promise<void> {
  const atWork = async (): Promise<number> =>
    (await processesIn(db)).filter(({ Info }) => /UPDATE.*SLEEP\(/is.test(Info ?? '')).length
  await expect.poll(atWork, { interval: 10 }).toBe(1)
  await sleep(250)
}

describeOnEveryMysql('a batch', (server) => {
  test('whose connection is killed at any moment is done once', { retry: 0 }, async () => {
    const random = createRandom('connection kills')
    const db = await createDatabase(server)
    await db.query(itemsSql(20_000, server.family))
    const { run, events } = await setUpBackfill(db)
    let ended = false
    const running = run(countingBackfill({ batchSize: 100 }), { limits: { floor: 10, ceiling: 100 } }).finally(() => {
      ended = true
    })
    for (let kills = 0; !ended && kills < 8; ) {
      await sleep(20 + random.next() * 80)
      const [held] = await db.query('SELECT backend_id FROM phasegate_backfill_range WHERE backend_id IS NOT NULL')
      // It may be gone already: the engine opens another one.
      if (held !== undefined)
        await db.query(`KILL ${held.backend_id}`).then(
          () => kills++,
          () => {},
        )
    }
    expect(await running).toEqual({ state: 'applied', rows: 20_000 })
    expect(events.filter(({ type }) => type === 'connection.lost').length).toBeGreaterThanOrEqual(3)
    expect(await counts(db)).toEqual({ '1': 20_000 })
    expect(await rangeRow(db)).toMatchObject({ rows_done: '20000' })
  })

  test('that finds its last row locked leaves nothing of the others', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(100, server.family))
    const setup = await setUpBackfill(db)
    const { session, range } = await leased(setup, '100')
    const holder = await db.open()
    await holder.query('BEGIN; UPDATE items SET n = n + 10 WHERE id = 60')
    expect(GAVE_WAY).toContain(await attempt(setup, session, countingBackfill(), PRIMARY, range, '60'))
    expect(await counts(db)).toEqual({ '0': 100 })
    expect(await rangeRow(db)).toMatchObject({ cursor: null, rows_done: '0' })
    await holder.query('COMMIT')
    expect(await attempt(setup, session, countingBackfill(), PRIMARY, range, '60')).toMatchObject({
      moved: true,
      rows: 60,
    })
    expect(await counts(db)).toEqual({ '0': 40, '1': 59, '11': 1 })
    await session.close()
  })

  test('that runs into a lock timeout in its middle loses no row and changes none twice', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(200, server.family)}
      CREATE TABLE side (id integer PRIMARY KEY, n integer NOT NULL); INSERT INTO side VALUES (150, 0);
      CREATE TRIGGER touch_side BEFORE UPDATE ON items FOR EACH ROW UPDATE side SET n = n + 1 WHERE id = OLD.id`)
    const { run, events } = await setUpBackfill(db)
    const holder = await db.open()
    await holder.query('BEGIN; SELECT n FROM side WHERE id = 150 FOR UPDATE')
    const running = run(countingBackfill({ batchSize: 200 }))
    await expect
      .poll(() => events.filter(({ type }) => type === 'batch.retry').length, { timeout: 20_000 })
      .toBeGreaterThan(1)
    await holder.query('COMMIT')
    expect(await running).toEqual({ state: 'applied', rows: 200 })
    expect(await counts(db)).toEqual({ '1': 200 })
    expect(await db.query('SELECT n FROM side')).toEqual([{ n: 1 }])
  })

  test('gives way to an application that goes on to a row of the batch: nobody else is in the deadlock', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(100, server.family))
    const setup = await setUpBackfill(db)
    const { session, range } = await leased(setup, '100')
    const application = await db.open()
    await application.query('BEGIN; UPDATE items SET n = n + 10 WHERE id = 90')
    const slowly = countingBackfill({ set: [{ column: 'n', expression: `n + 1 + ${pause(server.family, 10)}` }] })
    const batch = attempt(setup, session, slowly, PRIMARY, range, '100')
    // A batch that waits for row 90 has changed this one by then.
    await Promise.race([batch, sleep(1200)])
    await application.query('UPDATE items SET n = n + 10 WHERE id = 5')
    await application.query('COMMIT')
    expect(GAVE_WAY).toContain(await batch)
    expect(await counts(db)).toEqual({ '0': 98, '10': 2 })
    await session.close()
  })

  for (const by of ['the primary key', 'another key']) {
    test(`by ${by} does not wait for a row that came into its range while it ran`, async () => {
      const db = await createDatabase(server)
      await db.query(`CREATE TABLE items (id bigint PRIMARY KEY, code integer NOT NULL, n integer NOT NULL DEFAULT 0,
          UNIQUE KEY code (code));
        INSERT INTO items (id, code) SELECT i * 10, i * 10 FROM ${numbers(server.family, 100)}`)
      const setup = await setUpBackfill(db)
      const { session, range } = await leased(setup, '1000')
      const key: BackfillKey =
        by === 'the primary key' ? PRIMARY : { columns: [{ name: 'code', type: 'int' }], index: 'code' }
      const slowly = countingBackfill({ set: [{ column: 'n', expression: `n + 1 + ${pause(server.family, 10)}` }] })
      // From a key on, as all batches but the first.
      expect(await attempt(setup, session, slowly, key, range, '20')).toMatchObject({ moved: true, rows: 2 })
      const batch = attempt(setup, session, slowly, key, { ...range, cursor: '20' }, '1000')
      await changing(db)
      await db.query('INSERT INTO items (id, code) VALUES (905, 905)')
      const application = await db.open()
      await application.query('BEGIN; UPDATE items SET n = n + 10 WHERE id = 905')
      // A row of the batch: waits for its end, and would be one end of a deadlock if that waited for 905.
      await application.query('UPDATE items SET n = n + 10 WHERE id = 50')
      await application.query('COMMIT')
      const ended = await batch
      if (typeof ended === 'number') expect(GAVE_WAY).toContain(ended)
      else expect(ended).toMatchObject({ moved: true, rows: 98 })
      const [row] = await db.query('SELECT SUM(n) AS total FROM items')
      expect(Number(row?.total)).toBe(22 + (typeof ended === 'number' ? 0 : 98))
      await session.close()
    })
  }

  test('that must end is judged by the rows that it changed, not by one that came in behind its back', async () => {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE items (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0);
      INSERT INTO items (id) SELECT i * 10 FROM ${numbers(server.family, 100)}`)
    const setup = await setUpBackfill(db)
    const { session, range } = await leased(setup, '1000')
    const set = [{ column: 'n', expression: `n + 1 + ${pause(server.family, 10)}` }]
    const ending = countingBackfill({ set, where: 'n = 0', once: false, comparable: true, mustEnd: true })
    const batch = attempt(setup, session, ending, PRIMARY, range, '1000')
    await changing(db)
    await db.query('INSERT INTO items (id) VALUES (15)')
    expect(await batch).toMatchObject({ moved: true, rows: 100 })
    expect(await counts(db)).toEqual({ '0': 1, '1': 100 })
    await session.close()
  })

  test('without a gap is changed as it was locked, and one with a gap as well', async () => {
    const db = await createDatabase(server)
    await db.query(
      `${itemsSql(100, server.family)} DELETE FROM items WHERE id = 70; UPDATE items SET doubled = 1 WHERE id = 30`,
    )
    const setup = await setUpBackfill(db)
    const { session, range } = await leased(setup, '100')
    const some = countingBackfill({ where: 'doubled IS NULL' })
    let now = range
    for (const [end, rows] of [
      ['20', 20],
      ['40', 19],
      ['60', 20],
      ['80', 19],
      ['100', 20],
    ] as const) {
      expect(await attempt(setup, session, some, PRIMARY, now, end)).toMatchObject({ moved: true, rows })
      now = { ...now, cursor: end }
    }
    expect(await counts(db)).toEqual({ '0': 1, '1': 98 })
    await session.close()
  })

  test('is fenced by every byte of its cursor: a space behind it makes another key', async () => {
    const db = await createDatabase(server)
    const collation = server.family === 'mysql' ? 'utf8mb4_0900_as_cs' : 'utf8mb4_nopad_bin'
    await db.query(`CREATE TABLE items (id varchar(9) COLLATE ${collation} PRIMARY KEY, n integer NOT NULL DEFAULT 0);
      INSERT INTO items (id) VALUES ('a'), ('a ')`)
    const setup = await setUpBackfill(db)
    const { session, range } = await leased(setup, 'a ')
    const key: BackfillKey = {
      columns: [{ name: 'id', type: `varchar(9) CHARACTER SET utf8mb4 COLLATE ${collation}` }],
      index: 'PRIMARY',
    }
    const batch = (from: LeasedRange, end: string) => attempt(setup, session, countingBackfill(), key, from, end)
    expect(await batch(range, 'a')).toMatchObject({ moved: true, rows: 1 })
    await setup.target.backfill.release(session, range)
    const again = await setup.target.backfill.lease(session, UNIT, 'again', 30_000)
    if (again.state !== 'leased') throw new Error(`the second row was passed by: ${again.state}`)
    expect(await batch(again.range, 'a ')).toMatchObject({ moved: true, rows: 1 })
    expect(await batch(again.range, 'a ')).toMatchObject({ moved: false, rows: 0 })
    expect(await counts(db)).toEqual({ '1': 2 })
    await session.close()
  })
})

describeOnEveryMysql('a lease', (server) => {
  /** The range is held by a session that is no more, whose id somebody else has. */
  async function heldByGhost(db: MysqlDatabase, id: string): Promise<void> {
    await db.query(`UPDATE phasegate_backfill_range SET owner = 'ghost', backend_id = ${id}, backend_started = 'ghost',
      lease_expires = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND`)
  }

  test('of a session that is gone is taken, and whoever has its id now is left alone', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(10, server.family))
    const { target, prepared } = await setUpBackfill(db)
    const session = await prepared()
    await target.backfill.addRange(session, UNIT, 0, '10')
    const bystander = await db.open()
    const [row] = await bystander.query('SELECT CONNECTION_ID() AS id')
    await heldByGhost(db, String(row?.id))
    expect(await target.backfill.workers(session, UNIT)).toMatchObject([{ owner: 'ghost', alive: false }])
    expect(await target.backfill.lease(session, UNIT, 'second', 30_000)).toMatchObject({ state: 'leased' })
    expect(await bystander.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
    await session.close()
  })
})

describeOnMysql('mariadb', 'a batch', (server) => {
  test('that changes an indexed column gives way to who holds entries of that index', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(100, server.family)} ALTER TABLE items ADD KEY (doubled); UPDATE items SET doubled = 1`)
    const setup = await setUpBackfill(db)
    const { session, range } = await leased(setup, '100')
    const application = await db.open()
    // Entries of the index and, by them, rows; then one more row.
    await application.query(
      'BEGIN; SELECT id FROM items FORCE INDEX (doubled) WHERE doubled = 1 AND id > 90 FOR UPDATE',
    )
    const slowly = countingBackfill({ set: [{ column: 'doubled', expression: `5 + ${pause(server.family, 10)}` }] })
    const batch = attempt(setup, session, slowly, PRIMARY, range, '80')
    await sleep(200)
    await application.query('UPDATE items SET n = n + 10 WHERE id = 5')
    await application.query('COMMIT')
    expect(GAVE_WAY).toContain(await batch)
    await session.close()
  })
})
