import { expect, onTestFinished, test } from 'vitest'
import { createDatabase, describeOnEveryPostgres, type TestDatabase } from '../support/servers.js'
import { comparableBackfill, itemsSql, setUpBackfill } from './backfill-setup.js'

const ROWS = 200_000

describeOnEveryPostgres('VACUUM while a backfill runs', (server) => {
  async function prepare() {
    const db = (await createDatabase(server)) as TestDatabase
    await db.query(itemsSql(ROWS))
    // An autovacuum worker that holds the table would make ours skip it.
    await db.query('ALTER TABLE items SET (autovacuum_enabled = off)')
    // Until the commit record is written nobody may note in a row that it is committed, and VACUUM comes by again.
    await db.query(
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database()); END $$`,
    )
    await db.query('VACUUM ANALYZE items')
    return { db, setup: await setUpBackfill(db) }
  }
  const heap = async (db: TestDatabase): Promise<number> =>
    Number((await db.query<{ size: string }>(`SELECT pg_relation_size('items') AS size`))[0]?.size)

  test('keeps a full backfill from doubling the table', async () => {
    const { db, setup } = await prepare()
    const before = await heap(db)
    // As fast as VACUUM can follow, on a machine that does other things too.
    const pace = { maxRowsPerSecond: 50_000 }
    await setup.run(comparableBackfill({ batchSize: 2000 }), { limits: { floor: 100, ceiling: 2000 }, pace })
    // Twice without it: each row that is changed leaves its old version behind.
    expect((await heap(db)) / before).toBeLessThan(1.35)
    const reclaimed = setup.events.filter((event) => event.type === 'backfill.reclaimed')
    expect(reclaimed.filter(({ state }) => state === 'done').length).toBeGreaterThan(5)
  })

  test('gives way to whoever waits for the table', async () => {
    const { db, setup } = await prepare()
    await db.query('UPDATE items SET n = n + 1')
    const reclaimer = await slowReclaimer(setup)
    const running = reclaimer.run(new AbortController().signal)
    await expect
      .poll(async () => db.query(`SELECT 1 FROM pg_stat_progress_vacuum WHERE datname = current_database()`), {
        timeout: 20_000,
      })
      .toHaveLength(1)
    const asked = performance.now()
    await db.query('ALTER TABLE items ADD COLUMN added integer')
    expect(performance.now() - asked).toBeLessThan(5000)
    expect(await running).toEqual({ state: 'gave way' })
  })

  test('is one at a time a table, whoever asks', async () => {
    const { db, setup } = await prepare()
    await db.query('UPDATE items SET n = n + 1')
    const first = await slowReclaimer(setup)
    const second = await slowReclaimer(setup)
    const stop = new AbortController()
    const running = first.run(stop.signal)
    await expect
      .poll(async () => db.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = ${0x70687663}`), {
        timeout: 20_000,
      })
      .toHaveLength(1)
    expect(await second.run(stop.signal)).toEqual({ state: 'busy' })
    stop.abort()
    expect(await running).toEqual({ state: 'gave way' })
  })

  test('is left out for a role that may not, which is said once', async () => {
    const { db, setup } = await prepare()
    await db.query('CREATE ROLE vacuum_stranger; ALTER TABLE items OWNER TO vacuum_stranger')
    onTestFinished(async () => {
      await db.query('DROP OWNED BY vacuum_filler, vacuum_stranger; DROP ROLE vacuum_filler, vacuum_stranger')
    })
    await db.query('CREATE ROLE vacuum_filler; GRANT SELECT, UPDATE ON items TO vacuum_filler')
    const reclaimer = setup.target.backfill.reclaimer!(async () => {
      const session = await setup.target.openSession('vacuum')
      await session.query('SET ROLE vacuum_filler')
      return session
    }, comparableBackfill())
    onTestFinished(() => reclaimer.close())
    expect(await reclaimer.run(new AbortController().signal)).toEqual({
      state: 'not permitted',
      reason: expect.stringContaining('MAINTAIN'),
    })
  })

  /** One whose VACUUM sleeps so often that it takes minutes. */
  async function slowReclaimer({ target }: Awaited<ReturnType<typeof setUpBackfill>>) {
    const reclaimer = target.backfill.reclaimer!(async () => {
      const session = await target.openSession('vacuum')
      return {
        ...session,
        query: async (text, values) =>
          await session.query(
            text.replace(/vacuum_cost_delay = .*$/, `vacuum_cost_delay = '100ms'; SET vacuum_cost_limit = 1`),
            values,
          ),
      }
    }, comparableBackfill())
    onTestFinished(() => reclaimer.close())
    return reclaimer
  }
})
