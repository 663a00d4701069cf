import type { CompiledBackfill, Target } from '@phasegate/core'
import { expect, test } from 'vitest'
import { type AnyDatabase, createDatabase, describeOnEveryServer } from '../support/servers.js'
import {
  ACTOR,
  allRanges,
  type BackfillDatabase,
  comparableBackfill,
  countingBackfill,
  counts,
  itemsSql,
  journalTable,
  keyOf,
  setUpBackfill,
  UNIT,
  unitRow,
} from './backfill-setup.js'

const ROWS = 400
/** The first, one within, the last. */
const BAD = [1, 133, ROWS]
const limited = (limit: number) => ({ quarantine: { limit } })

/** The database refuses to count these rows. */
const CHECKED = `ALTER TABLE items ADD COLUMN frozen integer NOT NULL DEFAULT 0;
  UPDATE items SET frozen = 1 WHERE id IN (${BAD.join(', ')});
  ALTER TABLE items ADD CONSTRAINT not_frozen CHECK (frozen = 0 OR n = 0);`

const counting = (change: Partial<CompiledBackfill> = {}) => countingBackfill({ ...limited(100), ...change })

/** A number in a text: for three rows it is none. */
const casting = (db: AnyDatabase, change: Partial<CompiledBackfill> = {}) =>
  comparableBackfill({
    set: [{ column: 'doubled', expression: db.family === 'postgres' ? 'word::integer * 2' : 'word * 2' }],
    ...limited(100),
    ...change,
  })
const WORDS = `ALTER TABLE items ADD COLUMN word varchar(20);
  UPDATE items SET word = CASE WHEN id IN (${BAD.join(', ')}) THEN 'no number' ELSE '7' END;`

async function quarantine(db: BackfillDatabase): Promise<ReadonlyMap<string, { code: string; message: string }>> {
  const name = db.family === 'postgres' ? 'phasegate.quarantine' : 'phasegate_quarantine'
  const text = db.family === 'postgres' ? 'error::text' : 'CAST(error AS CHAR)'
  const key = db.family === 'postgres' ? 'key' : '`key`'
  const rows = await db.query<{ k: string; e: string }>(`SELECT ${key} AS k, ${text} AS e FROM ${name}`)
  return new Map(rows.map((row) => [row.k, JSON.parse(row.e)]))
}

describeOnEveryServer('rows that cannot be changed, with onError: quarantine', (server) => {
  test.each([1, 2])('are recorded, and %i workers change every other row exactly once', async (workers) => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(ROWS, server.family)} ${CHECKED}`)
    const { run, events } = await setUpBackfill(db)
    expect(await run(counting(), { workers })).toEqual({ state: 'applied', rows: ROWS - 3, quarantined: 3 })
    expect(await counts(db)).toEqual({ 0: 3, 1: ROWS - 3 })
    const recorded = await quarantine(db)
    expect([...recorded.keys()].map(Number).sort((a, b) => a - b)).toEqual(BAD)
    for (const { code, message } of recorded.values()) {
      expect(message).toContain('not_frozen')
      expect(code).toMatch(/^(23514|23000|HY000)$/)
    }
    expect(events.filter((event) => event.type === 'row.quarantined')).toHaveLength(3)
    const { state, detail } = await unitRow(db)
    expect({ state, detail }).toMatchObject({
      state: 'applied',
      detail: { quarantined: { rows: 3, error: { message: expect.stringContaining('not_frozen') } } },
    })
  })

  test('are tried again when it is run again: once each, and those that are still wrong stay', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(ROWS, server.family)} ${CHECKED}`)
    const { run } = await setUpBackfill(db)
    await run(counting())
    await db.query(`UPDATE items SET frozen = 0 WHERE id IN (${BAD[0]}, ${BAD[2]})`)
    expect(await run(counting())).toEqual({ state: 'applied', rows: ROWS - 1, quarantined: 1 })
    expect([...(await quarantine(db)).keys()]).toEqual([String(BAD[1])])
    await db.query('UPDATE items SET frozen = 0')
    expect(await run(counting())).toEqual({ state: 'applied', rows: ROWS })
    expect(await counts(db)).toEqual({ 1: ROWS })
    expect((await unitRow(db)).detail.quarantined).toBeNull()
    // Nothing is left to try: a row that is changed afterwards stays as it is.
    expect(await run(counting())).toEqual({ state: 'applied', rows: ROWS })
    expect(await counts(db)).toEqual({ 1: ROWS })
  })

  test('are left out of verification, which cannot compute them', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(ROWS, server.family)} ${WORDS}`)
    const { run } = await setUpBackfill(db)
    const backfill = casting(db)
    expect(await run(backfill)).toEqual({ state: 'applied', rows: ROWS - 3, quarantined: 3 })
    expect((await unitRow(db)).detail.verified).toMatchObject({ proof: 'compared', passes: 1 })
    await db.query(`UPDATE items SET word = '7' WHERE id = ${BAD[0]}; DELETE FROM items WHERE id = ${BAD[2]}`)
    expect(await run(backfill)).toMatchObject({ state: 'applied', quarantined: 1 })
    expect([...(await quarantine(db)).keys()]).toEqual([String(BAD[1])])
    expect((await db.query(`SELECT doubled FROM items WHERE id = ${BAD[0]}`))[0]).toMatchObject({ doubled: 14 })
  })

  test('beyond the limit stop it where it is, and a higher limit lets it go on', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(ROWS, server.family)} ${CHECKED}`)
    const { run } = await setUpBackfill(db)
    const fingerprint = 'the limit is no part of it'
    expect(await run(counting(limited(2)), { fingerprint })).toMatchObject({
      state: 'failed',
      error: { code: 'BACKFILL.QUARANTINE_FULL', meta: { limit: 2, key: String(ROWS), keys: ['1', '133'] } },
    })
    expect((await quarantine(db)).size).toBe(2)
    expect(await run(counting(limited(3)), { fingerprint })).toMatchObject({ state: 'applied', quarantined: 3 })
    expect(await counts(db)).toEqual({ 0: 3, 1: ROWS - 3 })
  })

  test('and were deleted or corrected before it ends are not in quarantine then', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(ROWS, server.family)} ${WORDS}`)
    const { run, target } = await setUpBackfill(db)
    const record: Target['backfill']['quarantine'] = async (...asked) => {
      const answer = await target.backfill.quarantine(...asked)
      const { key } = asked[2]
      if (key === '1') await db.query('DELETE FROM items WHERE id = 1')
      if (key === '133') await db.query("UPDATE items SET word = '7', doubled = 14 WHERE id = 133")
      return answer
    }
    const meanwhile: Target = { ...target, backfill: { ...target.backfill, quarantine: record } }
    const outcome = await run(casting(db), { target: meanwhile })
    expect(outcome).toMatchObject({ state: 'applied', quarantined: 1 })
    expect([...(await quarantine(db)).keys()]).toEqual([String(ROWS)])
  })

  test('are told from others that came before the end of their batch', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(ROWS, server.family)} ${CHECKED} DELETE FROM items WHERE id % 2 = 1`)
    const { run, target } = await setUpBackfill(db)
    // Between finding the one key of a batch and running it: another row is refused now, and that one is not.
    let seen = false
    const batchEnd: Target['backfill']['batchEnd'] = async (...asked) => {
      const end = await target.backfill.batchEnd(...asked)
      if (!seen && end === '400' && asked[5] === 1) {
        seen = true
        await db.query('UPDATE items SET frozen = 0; INSERT INTO items (id, frozen) VALUES (399, 1)')
      }
      return end
    }
    const between: Target = { ...target, backfill: { ...target.backfill, batchEnd } }
    expect(await run(counting(), { target: between })).toEqual({ state: 'applied', rows: ROWS / 2, quarantined: 1 })
    expect([...(await quarantine(db)).keys()]).toEqual(['399'])
    expect(await counts(db)).toEqual({ 0: 1, 1: ROWS / 2 })
  })

  test('are recorded and gone past at once, or not at all', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(10, server.family))
    const { target, prepared } = await setUpBackfill(db)
    const session = await prepared()
    const backfill = counting()
    const ranges = journalTable(server.family, 'backfill_range')
    const cursor = server.family === 'postgres' ? 'cursor' : '`cursor`'
    await target.journal.startUnit(session, {
      unit: UNIT,
      fingerprint: '1:x',
      actor: ACTOR,
      backend: session.backend,
      state: 'running',
    })
    await target.backfill.addRange(session, UNIT, 0, '10')
    const leased = await target.backfill.lease(session, UNIT, 'test', 30_000)
    if (leased.state !== 'leased') throw new Error(leased.state)
    const row = { key: '1', error: { code: null, message: 'refused' } }
    const ask = (change: object) => target.backfill.quarantine(session, { ...leased.range, ...change }, row, 1, 30_000)
    for (const change of [{ epoch: '99' }, { cursor: '5' }, { upper: '9' }]) {
      expect(await ask(change)).toBe('fenced')
      expect((await quarantine(db)).size).toBe(0)
    }
    // The record is rolled back with the cursor that cannot be moved.
    await db.query(`ALTER TABLE ${ranges} ADD CONSTRAINT stays CHECK (${cursor} IS NULL)`)
    await expect(ask({})).rejects.toThrow('stays')
    expect((await quarantine(db)).size).toBe(0)
    await db.query(`ALTER TABLE ${ranges} DROP CONSTRAINT stays`)
    // Whoever counts holds the unit's row: two workers do not both find room for the last one.
    const other = await prepared()
    await other.transaction({ lockTimeout: 0, statementTimeout: 0 }, async () => {
      const unit = journalTable(server.family, 'unit')
      await other.query(`SELECT 1 FROM ${unit} WHERE migration = '${UNIT.migration}' FOR UPDATE`)
      await expect(ask({})).rejects.toThrow(/lock/i)
    })
    await other.close()
    expect(await ask({})).toBe('recorded')
    expect((await allRanges(db))[0]).toMatchObject({ cursor: '1', rows_done: '0', keys_done: '1' })
    const next = { ...row, key: '2' }
    expect(await target.backfill.quarantine(session, { ...leased.range, cursor: '1' }, next, 1, 30_000)).toBe('full')
    expect((await allRanges(db))[0]).toMatchObject({ cursor: '1' })
    // Out of quarantine and into ranges, all of them or none.
    await db.query(`ALTER TABLE ${ranges} ADD CONSTRAINT stays CHECK (upper <> '9')`)
    const rows = [
      { key: '1', after: null },
      { key: '9', after: '8' },
    ]
    await expect(target.backfill.retryQuarantined(session, UNIT, 0, rows)).rejects.toThrow('stays')
    expect(await allRanges(db)).toHaveLength(1)
    await db.query(`ALTER TABLE ${ranges} DROP CONSTRAINT stays`)
    await target.backfill.retryQuarantined(session, UNIT, 0, rows)
    expect((await allRanges(db)).map(({ cursor, upper }) => [cursor, upper]).slice(1)).toEqual([
      [null, '1'],
      ['8', '9'],
    ])
    expect((await quarantine(db)).size).toBe(0)
    expect(await target.backfill.keyBefore(session, backfill, keyOf(db), '5')).toBe('4')
    expect(await target.backfill.keyBefore(session, backfill, keyOf(db), '1')).toBeNull()
    await session.close()
  })
})
