import type { CompiledBackfill, MapForm } from '@phasegate/core'
import { expect, test } from 'vitest'
import {
  type AnyDatabase,
  createDatabase,
  describeOnEveryMysql,
  describeOnEveryServer,
  type RunningMysql,
  startPrivateServer,
} from '../support/servers.js'
import { comparableBackfill, itemsSql, setUpBackfill, unitRow } from './backfill-setup.js'

const ROWS = 100

const mapping = (form: Partial<MapForm>, change: Partial<CompiledBackfill> = {}): CompiledBackfill =>
  comparableBackfill({
    form: {
      kind: 'map',
      select: ['id', 'n'],
      set: ['doubled'],
      map: () => [],
      version: '1',
      deterministic: true,
      ...form,
    },
    set: [],
    batchSize: 20,
    written: 'UPDATE items SET doubled = map(id, n)',
    ...change,
  })

const quarantined = { quarantine: { limit: 10 } }

describeOnEveryServer('a map that throws for some rows', (server) => {
  const throwsFor =
    (...bad: readonly string[]): MapForm['map'] =>
    (rows) =>
      rows.map(({ id, n }) => {
        if (bad.includes(String(id))) throw new Error(`cannot decrypt ${id}`)
        return { doubled: Number(n) * 2 }
      })

  async function setUp() {
    const db: AnyDatabase = await createDatabase(server)
    await db.query(`${itemsSql(ROWS, server.family)} UPDATE items SET n = id`)
    const done = async () => Number((await db.query('SELECT count(*) AS c FROM items WHERE doubled = n * 2'))[0]?.c)
    return { db, done, ...(await setUpBackfill(db)) }
  }

  test('stops the unit at the first of them, and names its key', async () => {
    const { db, done, run } = await setUp()
    expect(await run(mapping({ map: throwsFor('33', '70') }))).toMatchObject({
      state: 'failed',
      rows: 32,
      error: {
        code: 'BACKFILL.MAP',
        message: expect.stringContaining('cannot decrypt 33'),
        meta: { keys: ['33'] },
      },
    })
    expect(await done()).toBe(32)
    expect(await unitRow(db)).toMatchObject({
      state: 'failed',
      error: { code: 'BACKFILL.MAP', meta: { keys: ['33'] } },
    })
    expect(await run(mapping({ map: throwsFor() }))).toEqual({ state: 'applied', rows: ROWS })
    expect(await done()).toBe(ROWS)
  })

  test('with onError: quarantine has them recorded with what it threw, fills and compares the others, and tries them again', async () => {
    const { db, done, run } = await setUp()
    const outcome = await run(mapping({ map: throwsFor('1', '33', '100') }, quarantined), { workers: 2 })
    expect(outcome).toEqual({ state: 'applied', rows: ROWS - 3, quarantined: 3 })
    expect(await done()).toBe(ROWS - 3)
    expect(await unitRow(db)).toMatchObject({
      state: 'applied',
      detail: {
        verified: { proof: 'compared' },
        quarantined: { rows: 3, error: { message: expect.stringContaining('cannot decrypt') } },
      },
    })
    expect(await run(mapping({ map: throwsFor('33') }, quarantined))).toMatchObject({
      state: 'applied',
      quarantined: 1,
    })
    expect(await done()).toBe(ROWS - 1)
    expect(await run(mapping({ map: throwsFor() }, quarantined))).toEqual({ state: 'applied', rows: ROWS })
    expect(await done()).toBe(ROWS)
  })

  test('for every row runs into the limit of the quarantine, and no further', async () => {
    const { done, run } = await setUp()
    const map: MapForm['map'] = () => {
      throw new Error('the service is down')
    }
    expect(await run(mapping({ map }, quarantined))).toMatchObject({
      state: 'failed',
      rows: 0,
      error: { code: 'BACKFILL.QUARANTINE_FULL', message: expect.stringContaining('the service is down') },
    })
    expect(await done()).toBe(0)
    // It is up again: those in quarantine are tried too.
    expect(await run(mapping({ map: throwsFor() }, quarantined))).toEqual({ state: 'applied', rows: ROWS })
    expect(await done()).toBe(ROWS)
  })
})

describeOnEveryMysql('a server that takes no statement above 1 MB', (server) => {
  const KB = 1024
  const big =
    (bytes: (id: number) => number): MapForm['map'] =>
    (rows) =>
      rows.map(({ id }) => ({ text: `${id}`.padEnd(bytes(Number(id)), 'x') }))
  const filling = (bytes: (id: number) => number, change: Partial<CompiledBackfill> = {}) =>
    mapping({ set: ['text'], map: big(bytes) }, change)

  async function setUp(own: RunningMysql) {
    const db: AnyDatabase = await createDatabase(own)
    await db.query(`${itemsSql(40, server.family)} ALTER TABLE items ADD text longtext`)
    const lengths = async (length: number) =>
      Number((await db.query(`SELECT count(*) AS c FROM items WHERE length(text) = ${length}`))[0]?.c)
    return { db, lengths, ...(await setUpBackfill(db)) }
  }

  test('is given several, and a row that is too long for one is the row that cannot be changed', async () => {
    const own = await startPrivateServer({ family: server.family, settings: { 'max-allowed-packet': '1M' } })
    const many = await setUp(own)
    // 20 rows of 200 KB: 4 MB a batch.
    expect(await many.run(filling(() => 200 * KB))).toEqual({ state: 'applied', rows: 40 })
    expect(await many.lengths(200 * KB)).toBe(40)
    const lost = many.events.filter((event) => event.type === 'batch.retry' || event.type === 'connection.lost')
    expect(lost).toEqual([])
    expect((await unitRow(many.db)).detail.verified).toMatchObject({ proof: 'compared', rows: 40 })

    const { run, lengths } = await setUp(own)
    const tooLong = (id: number) => (id === 33 ? 2048 * KB : 100 * KB)
    expect(await run(filling(tooLong))).toMatchObject({
      state: 'failed',
      rows: 32,
      error: { code: 'BACKFILL.ROW', message: expect.stringContaining('max_allowed_packet'), meta: { key: '33' } },
    })
    expect(await run(filling(tooLong, quarantined))).toMatchObject({ state: 'applied', quarantined: 1 })
    expect(await lengths(100 * KB)).toBe(39)
  })
})
