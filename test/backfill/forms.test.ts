import { compareBackfill } from '@phasegate/backfill'
import { type CompiledBackfill, systemClock, type Target } from '@phasegate/core'
import { expect, test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { createDatabase, describeOnEveryServer } from '../support/servers.js'
import { comparableBackfill, countingBackfill, itemsSql, setUpBackfill, unitRow } from './backfill-setup.js'

const ROWS = 300
const BATCH = 20

/** One form, and what makes the row with this key wrong after it has run. */
interface Form {
  readonly name: string
  readonly backfill: CompiledBackfill
  readonly corrupt: (id: number) => string
}

const removing = (change: Partial<CompiledBackfill> = {}): CompiledBackfill =>
  countingBackfill({
    form: { kind: 'delete' },
    set: [],
    where: 'n > 0',
    once: false,
    comparable: true,
    batchSize: BATCH,
    written: 'DELETE FROM items WHERE n > 0',
    ...change,
  })

const FORMS: readonly Form[] = [
  {
    name: '{ set }',
    backfill: comparableBackfill({ batchSize: BATCH }),
    corrupt: (id) => `UPDATE items SET doubled = doubled + 1 WHERE id = ${id}`,
  },
  { name: '{ delete }', backfill: removing(), corrupt: (id) => `UPDATE items SET n = 1 WHERE id = ${id}` },
]

/** The first, the last, those around the border of a batch, and some by chance. */
function places(): readonly number[] {
  const random = createRandom('planted rows')
  const chance = Array.from({ length: 3 }, () => random.int(1, ROWS))
  return [1, ROWS, BATCH, BATCH + 1, ...chance]
}

const compare = (target: Target, backfill: CompiledBackfill) =>
  compareBackfill({
    target,
    backfill,
    openSession: () => target.openSession('verify'),
    clock: systemClock,
    mismatchDelayMs: 1,
  })

describeOnEveryServer('verification of the form', (server) => {
  test.each(FORMS)('$name finds one wrong row wherever it is', async ({ backfill, corrupt }) => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(ROWS, server.family)} UPDATE items SET n = 0 - id`)
    const { run, target } = await setUpBackfill(db)
    expect((await run(backfill)).state).toBe('applied')
    expect((await unitRow(db)).detail.verified).toMatchObject({ proof: 'compared', passes: 1 })
    for (const id of places()) {
      await db.query(corrupt(id))
      const found = await compare(target, backfill)
      expect(found, `row ${id}`).toEqual({ mismatches: 1, sampleKeys: [String(id)], rows: ROWS })
      await db.query(`UPDATE items SET n = 0 - id, doubled = -2 * id WHERE id = ${id}`)
    }
    expect(await compare(target, backfill)).toMatchObject({ mismatches: 0 })
  })
})

describeOnEveryServer('a backfill that removes rows', (server) => {
  test('removes those that where selects, and in a catch-up pass those that came meanwhile', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(ROWS, server.family)} UPDATE items SET n = 1 WHERE id % 3 = 0`)
    const { run, target } = await setUpBackfill(db)
    let asked = 0
    const upperBound: typeof target.backfill.upperBound = async (...args) => {
      if (++asked === 2)
        await db.query('INSERT INTO items (id, n) VALUES (1000, 4); UPDATE items SET n = 3 WHERE id = 7')
      return await target.backfill.upperBound(...args)
    }
    const outcome = await run(removing(), { target: { ...target, backfill: { ...target.backfill, upperBound } } })
    expect(outcome).toEqual({ state: 'applied', rows: 102 })
    expect(await db.query('SELECT id FROM items WHERE n > 0')).toEqual([])
    expect((await unitRow(db)).detail.verified).toMatchObject({ proof: 'compared', passes: 2 })
  })

  test('names the row that another table keeps from being removed', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(ROWS, server.family)} UPDATE items SET n = 1;
      CREATE TABLE parts (item bigint NOT NULL, FOREIGN KEY (item) REFERENCES items (id));
      INSERT INTO parts VALUES (77)`)
    const { run } = await setUpBackfill(db)
    expect(await run(removing())).toMatchObject({
      state: 'failed',
      rows: 76,
      error: { code: 'BACKFILL.ROW', meta: { key: '77' } },
    })
    await db.query('DELETE FROM parts')
    expect(await run(removing())).toEqual({ state: 'applied', rows: ROWS })
  })

  test('rests on its ranges where its condition reads the clock', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(10, server.family))
    const { run } = await setUpBackfill(db)
    await run(removing({ where: 'CURRENT_TIMESTAMP IS NULL', comparable: false }))
    expect((await unitRow(db)).detail.verified).toMatchObject({ proof: 'ranges whole' })
  })
})
