import { askBackfill, resumeBackfill } from '@phasegate/backfill'
import { expect, onTestFinished, test } from 'vitest'
import {
  type AnyDatabase,
  type AnyServer,
  createDatabase,
  describeOnEveryMysql,
  describeOnPostgres,
} from '../support/servers.js'
import {
  ACTOR,
  type BackfillSetup,
  comparableBackfill,
  countingBackfill,
  counts,
  itemsSql,
  pause,
  rangeRow,
  setUpBackfill,
  UNIT,
  unitRow,
} from './backfill-setup.js'

const LIMITS = { limits: { floor: 10, ceiling: 20 } }
const SMALL = { batchSize: 20 }

/** Runs `act` after so many batches, while the engine goes on. */
function afterBatches(setup: BackfillSetup, many: number, act: () => Promise<void>) {
  let seen = 0
  let acting: Promise<void> | undefined
  return {
    emit: (event: { type: string }) => {
      setup.events.push(event as never)
      if (event.type === 'batch.done' && ++seen === many) acting = act()
    },
    acted: async () => acting,
  }
}

async function asker(setup: BackfillSetup, db: AnyDatabase) {
  const session = await setup.target.openSession('asker')
  onTestFinished(() => session.close())
  return { target: setup.target, session, unit: UNIT, actor: ACTOR, db }
}

describeOnPostgres(18, 'a running backfill', suite)
describeOnEveryMysql('a running backfill', suite)

function suite(server: AnyServer): void {
  const slowly = (ms: number) => [{ column: 'n', expression: `n + 1 + ${pause(server.family, ms)}` }]

  async function prepare(rows = 2000) {
    const db = await createDatabase(server)
    await db.query(itemsSql(rows, server.family))
    const setup = await setUpBackfill(db)
    return { db, setup, ask: await asker(setup, db) }
  }

  test('pauses within a batch, stays paused, and goes on after resume', async () => {
    const { db, setup, ask } = await prepare()
    const hook = afterBatches(setup, 5, () => askBackfill(ask, 'pause'))
    const paused = await setup.run(countingBackfill(SMALL), { ...LIMITS, ...hook })
    expect(paused).toMatchObject({ state: 'paused', reason: 'paused by request' })
    expect(setup.events.filter(({ type }) => type === 'batch.done').length).toBeLessThanOrEqual(8)
    expect(await unitRow(db)).toMatchObject({ state: 'paused', progress: { paused: true } })
    expect((await rangeRow(db))?.owner).toBeNull()
    expect((await setup.run(countingBackfill(SMALL), LIMITS)).state).toBe('paused')
    await resumeBackfill(ask)
    expect(await setup.run(countingBackfill(SMALL), LIMITS)).toEqual({ state: 'applied', rows: 2000 })
    expect(await counts(db)).toEqual({ '1': 2000 })
  })

  test('that is resumed and held before it looked is shown as paused again', async () => {
    const { db, setup, ask } = await prepare(400)
    const hook = afterBatches(setup, 5, () => askBackfill(ask, 'pause'))
    const running = setup.run(countingBackfill(SMALL), { ...LIMITS, ...hook, whilePaused: 'wait' })
    await expect.poll(async () => (await unitRow(db)).state, { timeout: 20_000 }).toBe('paused')
    await resumeBackfill(ask)
    await setup.target.journal.hold(ask.session, { reason: 'maintenance' }, ACTOR)
    await expect.poll(async () => (await unitRow(db)).state, { timeout: 20_000 }).toBe('paused')
    await setup.target.journal.hold(ask.session, null, ACTOR)
    expect(await running).toEqual({ state: 'applied', rows: 400 })
    expect(await counts(db)).toEqual({ '1': 400 })
  })

  test('that waits while paused goes on by itself after resume', async () => {
    const { db, setup, ask } = await prepare(400)
    const hook = afterBatches(setup, 5, () => askBackfill(ask, 'pause'))
    const running = setup.run(countingBackfill(SMALL), { ...LIMITS, ...hook, whilePaused: 'wait' })
    await expect.poll(async () => (await unitRow(db)).state, { timeout: 20_000 }).toBe('paused')
    const cursor = (await rangeRow(db))?.cursor
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect((await rangeRow(db))?.cursor).toBe(cursor)
    await resumeBackfill(ask)
    expect(await running).toEqual({ state: 'applied', rows: 400 })
    expect(await counts(db)).toEqual({ '1': 400 })
  })

  test('with `now` has its statement cancelled, which is no failure', async () => {
    const { db, setup, ask } = await prepare(100)
    const running = setup.run(countingBackfill({ ...SMALL, set: slowly(400) }), LIMITS)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const asked = Date.now()
    await askBackfill(ask, 'pause', true)
    expect(await running).toMatchObject({ state: 'paused', rows: 0 })
    expect(Date.now() - asked).toBeLessThan(2000)
    expect(await counts(db)).toEqual({ '0': 100 })
    await resumeBackfill(ask)
    expect(await setup.run(countingBackfill({ ...SMALL, set: slowly(0) }), LIMITS)).toMatchObject({ state: 'applied' })
    expect(await counts(db)).toEqual({ '1': 100 })
  })

  test('is held with all others of the target, and goes on when the hold is lifted', async () => {
    const { db, setup, ask } = await prepare()
    const hold = afterBatches(setup, 3, () => setup.target.journal.hold(ask.session, { reason: 'sale' }, ACTOR))
    const held = await setup.run(countingBackfill(SMALL), { ...LIMITS, ...hold })
    expect(held).toMatchObject({ state: 'paused', reason: 'all backfills are held: sale' })
    expect((await setup.run(countingBackfill(SMALL), LIMITS)).state).toBe('paused')
    await setup.target.journal.hold(ask.session, null, ACTOR)
    expect(await setup.run(countingBackfill(SMALL), LIMITS)).toEqual({ state: 'applied', rows: 2000 })
    expect(await counts(db)).toEqual({ '1': 2000 })
  })

  test('that is cancelled keeps its cursor: running it again goes on from there', async () => {
    const { db, setup, ask } = await prepare()
    const hook = afterBatches(setup, 5, () => askBackfill(ask, 'cancel'))
    const cancelled = await setup.run(countingBackfill(SMALL), { ...LIMITS, ...hook })
    expect(cancelled.state).toBe('cancelled')
    expect(cancelled.rows).toBeGreaterThan(0)
    expect(await unitRow(db)).toMatchObject({ state: 'cancelled', request: null })
    expect(await setup.run(countingBackfill(SMALL), LIMITS)).toEqual({ state: 'applied', rows: 2000 })
    expect(await counts(db)).toEqual({ '1': 2000 })
  })

  test('can be paused, cancelled and run again when nobody works on it', async () => {
    const { db, setup, ask } = await prepare(200)
    await askBackfill(ask, 'pause')
    const stop = new AbortController()
    const hook = afterBatches(setup, 2, async () => stop.abort(new Error('stop')))
    await expect(setup.run(countingBackfill(SMALL), { ...LIMITS, ...hook, signal: stop.signal })).rejects.toThrow(
      'stop',
    )
    await askBackfill(ask, 'pause')
    expect((await unitRow(db)).state).toBe('paused')
    await askBackfill(ask, 'cancel')
    expect((await unitRow(db)).state).toBe('cancelled')
    expect(await setup.run(countingBackfill(SMALL), LIMITS)).toEqual({ state: 'applied', rows: 200 })
    expect(await counts(db)).toEqual({ '1': 200 })
  })

  test('stops at a safe point on its signal, gives the lease back and stays running', async () => {
    const { db, setup } = await prepare()
    const stop = new AbortController()
    const hook = afterBatches(setup, 4, async () => stop.abort(new Error('SIGINT')))
    await expect(setup.run(countingBackfill(SMALL), { ...LIMITS, ...hook, signal: stop.signal })).rejects.toThrow(
      'SIGINT',
    )
    expect((await unitRow(db)).state).toBe('running')
    expect(await rangeRow(db)).toMatchObject({ owner: null, rows_done: '80' })
    expect(await counts(db)).toEqual({ '0': 1920, '1': 80 })
  })

  test('pauses while it verifies, too', async () => {
    const { db, setup, ask } = await prepare(1000)
    let asked: Promise<void> | undefined
    const outcome = await setup.run(comparableBackfill(SMALL), {
      ...LIMITS,
      emit: (event) => {
        if (event.type === 'backfill.verifying') asked ??= askBackfill(ask, 'pause')
      },
    })
    await asked
    expect(outcome.state).toBe('paused')
    expect((await unitRow(db)).state).toBe('paused')
    await resumeBackfill(ask)
    expect(await setup.run(comparableBackfill(SMALL), LIMITS)).toEqual({ state: 'applied', rows: 1000 })
  })

  test('writes its progress at most each second and ends with the true numbers', async () => {
    const { db, setup } = await prepare()
    await setup.run(countingBackfill(SMALL), LIMITS)
    expect((await unitRow(db)).progress).toMatchObject({ done: 2000, total: 2000, etaSeconds: 0, paused: false })
    const batches = setup.events.filter((event) => event.type === 'batch.done')
    expect(batches.length).toBe(100)
    expect(batches.map((event) => event.progress.done)).toEqual(batches.map((_, index) => (index + 1) * 20))
  })
}
