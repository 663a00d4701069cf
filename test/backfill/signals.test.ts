import { expect, onTestFinished, test } from 'vitest'
import {
  type AnyServer,
  createDatabase,
  describeOnEveryMysql,
  describeOnEveryServer,
  describeOnPostgres,
  type TestDatabase,
} from '../support/servers.js'
import { comparableBackfill, connect, countingBackfill, itemsSql, setUpBackfill, UNIT } from './backfill-setup.js'

/** MariaDB reads its own tables of waits anew only when nobody has asked for 100 ms. */
const PATIENT = { timeout: 20_000, interval: 200 }

async function prepare(server: AnyServer) {
  const db = await createDatabase(server)
  await db.query(itemsSql(100, server.family))
  const setup = await setUpBackfill(db)
  const session = await setup.target.openSession('throttle')
  onTestFinished(() => session.close())
  const backfill = comparableBackfill()
  const signals = setup.target.backfill.signals({ unit: UNIT, backfill, standbys: undefined, replicas: undefined })
  const read = async (name: string) => await signals.find((signal) => signal.name === name)!.read(session)
  return { db, setup, session, signals, read }
}

describeOnEveryServer('the signals of a server', (server) => {
  test('can each be read, and are far from their limits on one that does nothing', async () => {
    const { signals, session } = await prepare(server)
    for (const signal of signals) {
      const reading = await signal.read(session)
      // On MySQL and MariaDB nobody is asked who was not named.
      if (signal.name === 'replicaLag' && server.family !== 'postgres') {
        expect([signal.limits, reading]).toMatchObject([null, { state: 'unknown' }])
        continue
      }
      expect([signal.name, reading]).toMatchObject([signal.name, { state: 'value', value: expect.any(Number) }])
      if (reading.state === 'value' && signal.limits?.hard != null)
        expect(reading.value).toBeLessThan(signal.limits.hard)
    }
  })
})

describeOnPostgres(18, 'the waiters of a backfill', waiters)
describeOnEveryMysql('the waiters of a backfill', waiters)

function waiters(server: AnyServer): void {
  test('count who waits for a row that one of our batches holds, and not who waits for others', async () => {
    const { db, setup, session, read } = await prepare(server)
    const worker = await setup.prepared()
    onTestFinished(() => worker.close())
    const { target } = setup
    // A range whose holder is this session, with a row lock that it keeps.
    await setup.run(countingBackfill())
    await target.backfill.addRange(session, UNIT, 1, '100')
    expect((await target.backfill.lease(worker, UNIT, 'test', 60_000)).state).toBe('leased')
    await worker.query('BEGIN')
    await worker.query('UPDATE items SET n = n WHERE id = 1')
    expect(await read('waiters')).toEqual({ state: 'value', value: 0 })
    // Somebody who waits for a row that another holds, not one of ours.
    const holder = await db.open()
    await holder.query('BEGIN')
    await holder.query('UPDATE items SET n = n WHERE id = 50')
    const elsewhere = db.query('UPDATE items SET n = n WHERE id = 50')
    const waiting = db.query('UPDATE items SET n = n WHERE id = 1')
    await expect.poll(() => read('waiters'), PATIENT).toEqual({ state: 'value', value: 1 })
    await worker.query('ROLLBACK')
    await waiting
    await holder.query('ROLLBACK')
    await elsewhere
    await expect.poll(() => read('waiters'), PATIENT).toEqual({ state: 'value', value: 0 })
  })

  if (server.family === 'postgres') return
  test('are not known to an account that may not see them', async () => {
    const { db, signals } = await prepare(server)
    const account = `w${db.name}`.slice(0, 30)
    await db.query(`CREATE USER ${account}@'%' IDENTIFIED BY 'no-secret'`)
    onTestFinished(async () => {
      await db.query(`DROP USER ${account}@'%'`)
    })
    await db.query(`GRANT SELECT ON ${db.name}.* TO ${account}@'%'`)
    const url = new URL(db.url)
    url.username = account
    url.password = 'no-secret'
    const target = await connect({ family: db.family, url: url.href })
    onTestFinished(() => target.close())
    const session = await target.openSession('throttle')
    onTestFinished(() => session.close())
    expect(await signals.find(({ name }) => name === 'waiters')!.read(session)).toEqual({
      state: 'unknown',
      reason: expect.stringMatching(/^the account may not see it: GRANT (PROCESS|SELECT) ON /),
    })
  })
}

describeOnPostgres(18, 'the signals of PostgreSQL', (server) => {
  test('tell the age of an old transaction and whose it is', async () => {
    const { db, read } = await prepare(server)
    const client = await (db as TestDatabase).connect()
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM items')
    await new Promise((resolve) => setTimeout(resolve, 1500))
    const reading = await read('oldestTransaction')
    await client.query('ROLLBACK')
    await client.end()
    expect(reading).toMatchObject({ state: 'value', of: expect.stringMatching(/^session \d+/) })
    expect(reading.state === 'value' && reading.value).toBeGreaterThanOrEqual(1500)
  })
})
