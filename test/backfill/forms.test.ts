import { setTimeout as sleep } from 'node:timers/promises'
import { compareBackfill } from '@phasegate/backfill'
import { type CompiledBackfill, type CopyForm, type MapForm, systemClock, type Target } from '@phasegate/core'
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

const copying = (change: Partial<CompiledBackfill> = {}): CompiledBackfill =>
  countingBackfill({
    form: {
      kind: 'copy',
      into: { name: 'copies' },
      select: [
        { column: 'item', expression: 'id' },
        { column: 'label', expression: "concat('n ', n)" },
      ],
      onConflict: { columns: ['item'], do: 'update' },
    },
    set: [],
    once: false,
    comparable: true,
    batchSize: BATCH,
    written: 'INSERT INTO copies …',
    ...change,
  })

const mapping = (change: Partial<CompiledBackfill> = {}, form: Partial<MapForm> = {}): CompiledBackfill =>
  countingBackfill({
    form: {
      kind: 'map',
      select: ['id', 'n'],
      set: ['doubled'],
      map: (rows) => rows.map(({ n }) => ({ doubled: Number(n) * 2 })),
      version: '1',
      deterministic: true,
      ...form,
    },
    set: [],
    once: false,
    comparable: true,
    batchSize: BATCH,
    written: 'UPDATE items SET doubled = map(id, n)',
    ...change,
  })

const present = copying({ form: { ...(copying().form as CopyForm), onConflict: { columns: ['item'], do: 'nothing' } } })

/** Beside `items`: with an `id` of its own, and another unique key. */
const COPIES = 'CREATE TABLE copies (id int, item bigint NOT NULL, label varchar(20) UNIQUE, PRIMARY KEY (item));'

const FORMS: readonly Form[] = [
  {
    name: '{ set }',
    backfill: comparableBackfill({ batchSize: BATCH }),
    corrupt: (id) => `UPDATE items SET doubled = doubled + 1 WHERE id = ${id}`,
  },
  {
    name: "{ from, into }, do: 'update'",
    backfill: copying(),
    corrupt: (id) => `UPDATE copies SET label = 'wrong' WHERE item = ${id}`,
  },
  {
    name: "{ from, into }, do: 'nothing'",
    backfill: present,
    corrupt: (id) => `DELETE FROM copies WHERE item = ${id}`,
  },
  {
    name: '{ select, map }, deterministic',
    backfill: mapping(),
    corrupt: (id) => `UPDATE items SET doubled = doubled + 1 WHERE id = ${id}`,
  },
  {
    name: '{ select, map } under a where that it makes false',
    backfill: mapping({ where: 'doubled IS NULL', mustEnd: true }, { deterministic: false }),
    corrupt: (id) => `UPDATE items SET doubled = NULL WHERE id = ${id}`,
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
    await db.query(`${itemsSql(ROWS, server.family)} ${COPIES} UPDATE items SET n = 0 - id`)
    const { run, target } = await setUpBackfill(db)
    expect(await run(backfill)).toMatchObject({ state: 'applied' })
    expect((await unitRow(db)).detail.verified).toMatchObject({ proof: 'compared', passes: 1 })
    for (const id of places()) {
      await db.query(corrupt(id))
      const found = await compare(target, backfill)
      expect(found, `row ${id}`).toEqual({ mismatches: 1, sampleKeys: [String(id)], rows: ROWS })
      await db.query(`UPDATE items SET n = 0 - id, doubled = -2 * id WHERE id = ${id};
        DELETE FROM copies WHERE item = ${id}; INSERT INTO copies (item, label) VALUES (${id}, concat('n ', 0 - ${id}))`)
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

describeOnEveryServer('a backfill that fills another table', (server) => {
  const copies = (db: Awaited<ReturnType<typeof createDatabase>>) =>
    db.query('SELECT item, label FROM copies ORDER BY item')

  test('updates the rows that are there or leaves them, and in a catch-up pass writes only what is missing', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(ROWS, server.family)} ${COPIES} UPDATE items SET n = id;
      INSERT INTO copies (id, item, label) VALUES (1, 5, 'old'), (2, 6, 'n 6')`)
    const { run, target } = await setUpBackfill(db)
    let asked = 0
    const upperBound: typeof target.backfill.upperBound = async (...args) => {
      if (++asked === 2)
        await db.query('INSERT INTO items (id, n) VALUES (1000, 1000); UPDATE items SET n = 7000 WHERE id = 7')
      return await target.backfill.upperBound(...args)
    }
    const outcome = await run(copying(), { target: { ...target, backfill: { ...target.backfill, upperBound } } })
    expect(outcome).toEqual({ state: 'applied', rows: ROWS + 2 })
    expect(
      await db.query(
        "SELECT i.id FROM items i LEFT JOIN copies c ON c.item = i.id WHERE c.label IS NULL OR c.label <> concat('n ', i.n)",
      ),
    ).toEqual([])
    expect(await db.query('SELECT id, label FROM copies WHERE id IS NOT NULL ORDER BY id')).toEqual([
      { id: 1, label: 'n 5' },
      { id: 2, label: 'n 6' },
    ])
    expect((await unitRow(db)).detail.verified).toMatchObject({ proof: 'compared', passes: 2 })
  })

  test('leaves what is there with do: nothing, and stops at the row that violates another unique key', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(ROWS, server.family)} ${COPIES} UPDATE items SET n = id;
      INSERT INTO copies (id, item, label) VALUES (1, 5, 'kept'), (2, 9000, 'n 77')`)
    const { run } = await setUpBackfill(db)
    expect(await run(present)).toMatchObject({ state: 'failed', error: { code: 'BACKFILL.ROW', meta: { key: '77' } } })
    await db.query("UPDATE copies SET label = 'other' WHERE id = 2")
    expect(await run(present)).toMatchObject({ state: 'applied' })
    expect((await copies(db)).length).toBe(ROWS + 1)
    expect(await db.query('SELECT id, label FROM copies WHERE id IS NOT NULL ORDER BY id')).toEqual([
      { id: 1, label: 'kept' },
      { id: 2, label: 'other' },
    ])
  })

  test('puts no old value over a dual write that is under way', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(ROWS, server.family)} ${COPIES} UPDATE items SET n = id`)
    const { run } = await setUpBackfill(db)
    const application = await db.open()
    await application.query('BEGIN')
    // There is nothing to update in the other table yet; that the row is coming, nobody can see.
    await application.query("UPDATE copies SET label = 'n 9000' WHERE item = 30")
    await application.query('UPDATE items SET n = 9000 WHERE id = 30')
    const running = run(copying(), { catchUpPasses: 0 })
    await sleep(700)
    await application.query('COMMIT')
    expect(await running).toMatchObject({ state: 'applied' })
    expect(await db.query('SELECT label FROM copies WHERE item = 30')).toEqual([{ label: 'n 9000' }])
  })

  test.each([
    ['that is not there', 'SELECT 1', 'There is no table copies'],
    ['without such a column', 'CREATE TABLE copies (item bigint PRIMARY KEY)', 'There is no column label'],
    [
      'with a conflict column that may be NULL',
      'CREATE TABLE copies (item bigint UNIQUE, label varchar(20))',
      'may be NULL',
    ],
    [
      'without a unique key over just these columns',
      'CREATE TABLE copies (item bigint NOT NULL, label varchar(20) NOT NULL, UNIQUE (item, label))',
      'unique',
    ],
  ])('is refused for a table %s', async (_, table, said) => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(3, server.family)} ${table}`)
    const { run } = await setUpBackfill(db)
    const error: unknown = await run(copying()).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ exit: 2, code: expect.stringMatching(/^BACKFILL\.(INTO|EXPRESSION)$/) })
    expect(JSON.stringify(error)).toContain(said)
  })
})

describeOnEveryServer('a backfill that maps', (server) => {
  const items = (db: Awaited<ReturnType<typeof createDatabase>>, condition: string) =>
    db.query(`SELECT id FROM items WHERE ${condition} ORDER BY id`)

  test('maps rows again that were changed while it ran, and skips none', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(ROWS, server.family)} UPDATE items SET n = id`)
    const { run } = await setUpBackfill(db)
    let calls = 0
    const map: MapForm['map'] = async (rows) => {
      // In the middle of a batch, at its border, and a row that is taken away.
      if (++calls === 1) await db.query('UPDATE items SET n = 5000 WHERE id = 5')
      if (calls === 3) await db.query('UPDATE items SET n = 7000 WHERE id = 40; DELETE FROM items WHERE id = 35')
      return rows.map(({ n }) => ({ doubled: Number(n) * 2 }))
    }
    expect(await run(mapping({}, { map }), { catchUpPasses: 0 })).toEqual({ state: 'applied', rows: ROWS - 1 })
    expect(await items(db, 'doubled IS NULL OR doubled <> 2 * n')).toEqual([])
    expect((await unitRow(db)).detail.verified).toMatchObject({ proof: 'compared', passes: 1 })
  })

  test('leaves rows as they are for which map gives nothing, and columns that it does not give', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(ROWS, server.family)} UPDATE items SET doubled = -1;
      ALTER TABLE items ADD COLUMN note varchar(20) DEFAULT 'old'`)
    const { run } = await setUpBackfill(db)
    const map: MapForm['map'] = (rows) =>
      rows.map(({ id }) => {
        const last = Number(id) % 4
        return last === 0 ? null : last === 1 ? undefined : last === 2 ? { note: null } : { doubled: 7, note: 'it’s ?' }
      })
    expect(await run(mapping({}, { map, set: ['doubled', 'note'] }))).toEqual({ state: 'applied', rows: ROWS / 2 })
    expect(
      await db.query(
        'SELECT doubled, note, count(*) AS many FROM items GROUP BY doubled, note ORDER BY doubled, note DESC',
      ),
    ).toHaveLength(3)
    expect(await items(db, "id % 4 < 2 AND NOT (doubled = -1 AND note = 'old')")).toEqual([])
    expect(await items(db, 'id % 4 = 2 AND NOT (doubled = -1 AND note IS NULL)')).toEqual([])
    expect(await items(db, "id % 4 = 3 AND NOT (doubled = 7 AND note = 'it’s ?')")).toEqual([])
  })

  test('gives and takes values of every type without losing any of them', async () => {
    const db = await createDatabase(server)
    const postgres = server.family === 'postgres'
    await db.query(`CREATE TABLE items (id bigint PRIMARY KEY, small int, big bigint, price numeric(20, 4), at timestamp${postgres ? '' : '(6) NULL'},
        flo double precision, bytes ${postgres ? 'bytea' : 'varbinary(20)'}, doc ${postgres ? 'jsonb' : 'json'}, text varchar(40),
        small2 int, big2 bigint, price2 numeric(20, 4), at2 timestamp${postgres ? '' : '(6) NULL'}, flo2 double precision,
        bytes2 ${postgres ? 'bytea' : 'varbinary(20)'}, doc2 ${postgres ? 'jsonb' : 'json'}, text2 varchar(40));
      INSERT INTO items (id, small, big, price, at, flo, bytes, doc, text) VALUES
        (1, -7, 9223372036854775807, 1234567890123456.7890, '2026-11-22 09:30:00.123456', 0.1,
         ${postgres ? "'\\x00ff27'" : "X'00FF27'"}, '{"a": [1, "é"]}', 'é '' \\ ? 😀'),
        (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`)
    const { run } = await setUpBackfill(db)
    const columns = ['small', 'big', 'price', 'at', 'flo', 'bytes', 'doc', 'text']
    let seen: unknown
    const map: MapForm['map'] = (rows) => {
      seen ??= rows[0]
      return rows.map((row) => Object.fromEntries(columns.map((column) => [`${column}2`, row[column] ?? null])))
    }
    const copy = mapping({}, { map, select: columns, set: columns.map((column) => `${column}2`) })
    expect(await run(copy)).toEqual({ state: 'applied', rows: 2 })
    expect(seen).toMatchObject({
      small: -7,
      big: '9223372036854775807',
      price: '1234567890123456.7890',
      at: '2026-11-22 09:30:00.123456',
      flo: 0.1,
      bytes: Buffer.from([0, 255, 39]),
    })
    const same = columns.map((column) => `${column} ${postgres ? 'IS NOT DISTINCT FROM' : '<=>'} ${column}2`)
    expect(await items(db, same.join(' AND '))).toHaveLength(2)
  })

  test.each<[string, MapForm['map'], string]>([
    ['gives no list', (() => 'x') as never, 'a string'],
    ['gives too few', (rows) => rows.slice(1).map(() => null), '19 results for 20 rows'],
    ['gives something else than columns', (rows) => rows.map(() => 7) as never, 'the number 7'],
    ['gives another column', (rows) => rows.map(() => ({ doubeld: 1 })), 'did you mean doubled?'],
    ['gives a value of no type', (rows) => rows.map(() => ({ doubled: new Date() })) as never, 'a Date'],
    ['gives a number that is none', (rows) => rows.map(() => ({ doubled: Number.NaN })), 'the number NaN'],
  ])('stops with the keys of the batch, and nothing written, where it %s', async (_, wrong, said) => {
    const db = await createDatabase(server)
    await db.query(itemsSql(100, server.family))
    const { run } = await setUpBackfill(db)
    let calls = 0
    const map: MapForm['map'] = (rows) => (++calls === 2 ? wrong(rows) : rows.map(() => ({ doubled: 0 })))
    const limits = { floor: BATCH, ceiling: BATCH }
    const outcome = await run(mapping({}, { map }), { limits })
    expect(outcome).toMatchObject({ state: 'failed', rows: BATCH, error: { code: 'BACKFILL.MAP' } })
    expect(JSON.stringify(outcome)).toContain(said)
    expect(JSON.stringify(outcome)).toContain('21')
    expect(await items(db, 'doubled IS NOT NULL AND id > 20')).toEqual([])
    // The function is right now: it goes on from there.
    expect(await run(mapping())).toEqual({ state: 'applied', rows: 100 })
  })

  test('names the row whose value its column does not take', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(100, server.family))
    const { run } = await setUpBackfill(db)
    const map: MapForm['map'] = (rows) => rows.map(({ id }) => ({ doubled: id === '33' ? 'no number' : 0 }))
    expect(await run(mapping({}, { map }))).toMatchObject({
      state: 'failed',
      rows: 32,
      error: { code: 'BACKFILL.ROW', meta: { key: '33' } },
    })
  })

  test('is rolled back where a row that it changed is still selected', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(100, server.family))
    const { run } = await setUpBackfill(db)
    const endless = mapping({ where: 'n = 0', mustEnd: true }, { deterministic: false })
    expect(await run(endless)).toMatchObject({ state: 'failed', rows: 0, error: { code: 'BACKFILL.NOT_IDEMPOTENT' } })
    expect(await items(db, 'doubled IS NOT NULL')).toEqual([])
  })
})
