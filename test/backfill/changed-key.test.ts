import type { CompiledBackfill } from '@phasegate/core'
import { expect, test } from 'vitest'
import { createDatabase, describeOnEveryServer } from '../support/servers.js'
import { comparableBackfill, countingBackfill, counts, numbers, setUpBackfill } from './backfill-setup.js'

const LIMITS = { floor: 10, ceiling: 50 }

describeOnEveryServer('a backfill that was stopped and finds another key than it began with', (server) => {
  /** A table without a primary key, whose two unique columns run in opposite directions, and a backfill stopped half-way. */
  async function stoppedHalfWay(backfill: CompiledBackfill) {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE items (a bigint NOT NULL, b bigint NOT NULL, n integer NOT NULL DEFAULT 0, doubled integer);
      INSERT INTO items (a, b, n) SELECT i, 1001 - i, ${backfill.once ? '0' : 'i'} FROM ${numbers(server.family, 1000)};
      CREATE UNIQUE INDEX by_a ON items (a)`)
    const setup = await setUpBackfill(db)
    const stop = new AbortController()
    let batches = 0
    const stopped = setup.run(backfill, {
      limits: LIMITS,
      signal: stop.signal,
      emit: ({ type }) => {
        if (type === 'batch.done' && ++batches === 8) stop.abort(new Error('stopped'))
      },
    })
    await expect(stopped).rejects.toThrow('stopped')
    await db.query('ALTER TABLE items ADD PRIMARY KEY (b)')
    return { db, run: () => setup.run(backfill, { limits: LIMITS }) }
  }

  test('begins anew where that is no harm', async () => {
    const { db, run } = await stoppedHalfWay(comparableBackfill())
    expect(await run()).toMatchObject({ state: 'applied' })
    expect(await db.query('SELECT a FROM items WHERE doubled IS NULL OR doubled <> n * 2')).toEqual([])
  })

  test('refuses where it would change rows twice, and goes on when the key is back', async () => {
    const { db, run } = await stoppedHalfWay(countingBackfill())
    const before = await counts(db)
    await expect(run()).rejects.toMatchObject({ code: 'BACKFILL.KEY_CHANGED', exit: 7 })
    expect(await counts(db)).toEqual(before)
    await db.query(
      server.family === 'postgres'
        ? 'ALTER TABLE items DROP CONSTRAINT items_pkey'
        : 'ALTER TABLE items DROP PRIMARY KEY',
    )
    expect(await run()).toEqual({ state: 'applied', rows: 1000 })
    expect(await counts(db)).toEqual({ '1': 1000 })
  })
})
