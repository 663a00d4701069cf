import { expect, onTestFinished, test } from 'vitest'
import {
  type AnyServer,
  createDatabase,
  describeOnEveryServer,
  describeOnPostgres,
  type TestDatabase,
} from '../support/servers.js'
import { comparableBackfill, countingBackfill, itemsSql, setUpBackfill, UNIT } from './backfill-setup.js'

async function prepare(server: AnyServer) {
  const db = await createDatabase(server)
  await db.query(itemsSql(100, server.family))
  const setup = await setUpBackfill(db)
  const session = await setup.target.openSession('throttle')
  onTestFinished(() => session.close())
  const backfill = comparableBackfill()
  const signals = setup.target.backfill.signals({ unit: UNIT, backfill, standbys: undefined })
  const read = async (name: string) => await signals.find((signal) => signal.name === name)!.read(session)
  return { db, setup, session, signals, read }
}

describeOnEveryServer('the signals of a server', (server) => {
  test('can each be read, and are far from their limits on one that does nothing', async () => {
    const { signals, session } = await prepare(server)
    for (const signal of signals) {
      const reading = await signal.read(session)
      expect([signal.name, reading]).toMatchObject([signal.name, { state: 'value', value: expect.any(Number) }])
      if (reading.state === 'value' && signal.limits?.hard != null)
        expect(reading.value).toBeLessThan(signal.limits.hard)
    }
  })
})

describeOnPostgres(18, 'the signals of PostgreSQL', (server) => {
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
    const waiting = db.query('UPDATE items SET n = n WHERE id = 1')
    await expect.poll(() => read('waiters'), { timeout: 20_000 }).toEqual({ state: 'value', value: 1 })
    await worker.query('ROLLBACK')
    await waiting
    expect(await read('waiters')).toEqual({ state: 'value', value: 0 })
  })

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
