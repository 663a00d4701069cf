import { once } from 'node:events'
import { connect as connectSocket, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createRandom } from '../support/seed.js'
import {
  type AnyDatabase,
  type AnyServer,
  createDatabase,
  describeOnEveryMysql,
  describeOnEveryServer,
  describeOnPostgres,
  startPrivateServer,
} from '../support/servers.js'
import {
  allRanges,
  connect,
  countingBackfill,
  counts,
  itemsSql,
  keyOf,
  pause,
  rangeRow,
  setUpBackfill,
  UNIT,
} from './backfill-setup.js'
import { startEngine } from './engine-process.js'

const slow = ({ family }: AnyServer, ms: number) => [{ column: 'n', expression: `n + 1 + ${pause(family, ms)}` }]

async function leased(setup: Awaited<ReturnType<typeof setUpBackfill>>, upper: string) {
  const session = await setup.prepared()
  await setup.target.backfill.addRange(session, UNIT, 0, upper)
  const answer = await setup.target.backfill.lease(session, UNIT, 'first', 30_000)
  if (answer.state !== 'leased') throw new Error(answer.state)
  return { session, range: answer.range }
}

describeOnEveryServer('a batch', (server) => {
  test('that is sent twice changes its rows once: the cursor is in the fence', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(100, server.family))
    const setup = await setUpBackfill(db)
    const { session, range } = await leased(setup, '100')
    const send = () =>
      setup.target.backfill.runBatch(session, countingBackfill(), keyOf(server), range, '60', 30_000, null)
    expect(await send()).toMatchObject({ moved: true, rows: 60 })
    expect(await send()).toMatchObject({ moved: false, rows: 0 })
    expect(await counts(db)).toEqual({ '0': 40, '1': 60 })
    expect(await rangeRow(db)).toMatchObject({ cursor: '60', rows_done: '60' })
    await session.close()
  })

  test('of a worker whose lease was taken changes nothing: the epoch is in the fence', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(100, server.family))
    const setup = await setUpBackfill(db)
    const { session, range } = await leased(setup, '100')
    const second = await setup.prepared()
    await setup.target.backfill.release(session, range)
    const taken = await setup.target.backfill.lease(second, UNIT, 'second', 30_000)
    expect(taken).toMatchObject({ state: 'leased', range: { cursor: null, epoch: '2' } })
    const late = await setup.target.backfill.runBatch(
      session,
      countingBackfill(),
      keyOf(server),
      range,
      '60',
      30_000,
      null,
    )
    expect(late).toMatchObject({ moved: false, rows: 0 })
    expect(await counts(db)).toEqual({ '0': 100 })
    await Promise.all([session.close(), second.close()])
  })

  test('that fails in its last row leaves neither data nor cursor: they change together', async () => {
    const db = await createDatabase(server)
    await db.query(`${itemsSql(100, server.family)} UPDATE items SET n = 2147483647 WHERE id = 50`)
    const setup = await setUpBackfill(db)
    const { session, range } = await leased(setup, '100')
    const failing = setup.target.backfill.runBatch(
      session,
      countingBackfill(),
      keyOf(server),
      range,
      '50',
      30_000,
      null,
    )
    await expect(failing).rejects.toThrow(/out of range/i)
    expect(await counts(db)).toEqual({ '0': 99, '2147483647': 1 })
    expect(await rangeRow(db)).toMatchObject({ cursor: null, rows_done: '0' })
    await session.close()
  })

  test('that two workers send at the same moment is done once', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(100, server.family))
    const setup = await setUpBackfill(db)
    const { session, range } = await leased(setup, '100')
    const second = await setup.prepared()
    // Long enough for the second to come while the first is at it, and to wait until that has ended.
    for (const one of [session, second])
      await setup.target.backfill.prepare(one, { lockTimeout: 10_000, statementTimeout: 15_000 })
    const slowly = countingBackfill({ set: slow(server, 1) })
    const answers = await Promise.all(
      [session, second].map((one) =>
        setup.target.backfill.runBatch(one, slowly, keyOf(server), range, '100', 30_000, null),
      ),
    )
    expect(answers.map((answer) => answer.moved).sort()).toEqual([false, true])
    expect(await counts(db)).toEqual({ '1': 100 })
    await Promise.all([session.close(), second.close()])
  })
})

describeOnPostgres(18, 'exactly once', exactlyOnce)
describeOnEveryMysql('exactly once', exactlyOnce)

function exactlyOnce(server: AnyServer): void {
  test('whenever the client is killed', { retry: 0 }, async () => {
    const random = createRandom('client kills')
    const db = await createDatabase(server)
    await db.query(itemsSql(20_000, server.family))
    await setUpBackfill(db)
    const backfill = countingBackfill({ batchSize: 200 })
    const options = { limits: { floor: 10, ceiling: 200 } }
    let kills = 0
    for (; kills < 10; kills++) {
      const engine = startEngine(db, backfill, options)
      await engine.batches(random.int(1, 4))
      await sleep(random.next() * 20)
      engine.child.kill('SIGKILL')
      await engine.exited
    }
    const last = startEngine(db, backfill, options)
    await last.exited
    expect(last.output()).toContain('{"state":"applied","rows":20000}')
    expect(await counts(db)).toEqual({ '1': 20_000 })
    expect(await rangeRow(db)).toMatchObject({ epoch: '11', cursor: '20000', rows_done: '20000', owner: null })
  })

  test('in a function of the author, or into another table, whenever the client is killed', { retry: 0 }, async () => {
    const random = createRandom('kills of forms')
    const db = await createDatabase(server)
    await db.query(`${itemsSql(600, server.family)} CREATE TABLE copies (item bigint PRIMARY KEY, n int NOT NULL)`)
    await setUpBackfill(db)
    const map =
      'async (rows) => { await new Promise((r) => setTimeout(r, 5)); return rows.map(({ n }) => ({ n: n + 1 })) }'
    const counted = countingBackfill({
      form: { kind: 'map', select: ['n'], set: ['n'], map: map as never, version: '1', deterministic: false },
      set: [],
      batchSize: 10,
    })
    const copied = countingBackfill({
      form: {
        kind: 'copy',
        into: { name: 'copies' },
        select: [
          { column: 'item', expression: 'id' },
          { column: 'n', expression: `n + ${pause(server.family, 1)}` },
        ],
        onConflict: { columns: ['item'], do: 'nothing' },
      },
      set: [],
      once: false,
      comparable: true,
      batchSize: 10,
    })
    for (const backfill of [counted, copied]) {
      const options = { limits: { floor: 10, ceiling: 10 } }
      for (let kills = 0; kills < 3; kills++) {
        const { child, exited, batches } = startEngine(db, backfill, options)
        await batches(random.int(0, 8))
        await sleep(random.int(0, 15))
        child.kill('SIGKILL')
        await exited
      }
      const { exited, output } = startEngine(db, backfill, options)
      await exited
      expect(output()).toContain('{"state":"applied","rows":600}')
      await db.query(
        server.family === 'postgres'
          ? 'DELETE FROM phasegate.unit; DELETE FROM phasegate.backfill_range'
          : 'DELETE FROM phasegate_unit; DELETE FROM phasegate_backfill_range',
      )
    }
    expect(await counts(db)).toEqual({ '1': 600 })
    expect(await counts(db, 'copies')).toEqual({ '1': 600 })
  })

  test('with rows deleted, inserted and updated while it runs', async () => {
    const db = await createDatabase(server)
    await db.query(
      `${itemsSql(5000, server.family)} ALTER TABLE items ADD touched integer DEFAULT 0; DELETE FROM items WHERE id % 7 = 0`,
    )
    const { run } = await setUpBackfill(db)
    let done = false
    const writers = [1, 2, 3].map(async (writer) => {
      const client = await db.open()
      while (!done) {
        const id = Math.ceil(Math.random() * 5000)
        await client.query(`UPDATE items SET touched = touched + 1, n = n + 100 WHERE id BETWEEN ${id} AND ${id + 3}`)
        if (writer === 1) await client.query(`DELETE FROM items WHERE id = ${Math.ceil(Math.random() * 5000)}`)
        if (writer === 2)
          await client.query(
            `INSERT INTO items (id, n) SELECT new.id, 1000000 FROM (SELECT ${5001 + Math.ceil(Math.random() * 1000)} AS id) AS new
             WHERE NOT EXISTS (SELECT 1 FROM items WHERE items.id = new.id)`,
          )
      }
    })
    const outcome = await run(countingBackfill({ batchSize: 30 }), { limits: { floor: 10, ceiling: 100 } })
    done = true
    await Promise.all(writers)
    expect(outcome.state).toBe('applied')
    // Each row that was there has its own writes and exactly one of ours; rows above the bound have none.
    expect(await db.query('SELECT id, n, touched FROM items WHERE id <= 5000 AND n <> touched * 100 + 1')).toEqual([])
    const { upper } = (await rangeRow(db))!
    expect(await db.query(`SELECT id FROM items WHERE id > ${upper} AND n % 100 <> 0`)).toEqual([])
  })

  test('with a worker that was stopped, lost its lease, and goes on later', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(3000, server.family))
    const { run } = await setUpBackfill(db)
    const backfill = countingBackfill({ batchSize: 20, set: slow(server, 0.1) })
    const limits = { floor: 10, ceiling: 20 }
    const zombie = startEngine(db, backfill, { workers: 2, leaseMs: 1000, limits })
    await zombie.batches(3)
    zombie.child.kill('SIGSTOP')
    const joining = run(backfill, { limits })
    // It splits what the zombie held, and takes the rest when the lease has run out.
    await expect.poll(async () => (await allRanges(db))[0]?.epoch, { timeout: 20_000 }).toBe('2')
    zombie.child.kill('SIGCONT')
    expect(await joining).toEqual({ state: 'applied', rows: 3000 })
    await zombie.exited
    expect(zombie.output()).toContain('{"state":"applied","rows":3000}')
    expect(await counts(db)).toEqual({ '1': 3000 })
  })

  test('when the answer to a batch is lost, after the server has done it and while it is still at it', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(600, server.family))
    const setup = await setUpBackfill(db)
    const proxy = await startProxy(db)
    const viaProxy = await connect({ family: server.family, url: proxy.url })
    onTestFinished(() => viaProxy.close())
    let batches = 0
    const outcome = await setup.run(countingBackfill({ batchSize: 20, set: slow(server, 5) }), {
      workers: 2,
      limits: { floor: 20, ceiling: 20 },
      openSession: () => viaProxy.openSession('backfill'),
      emit: (event) => {
        setup.events.push(event)
        // Every fifth batch from here on is cut at once, at 60 ms (it takes 100), or its answer is held back and cut.
        if (event.type === 'batch.done' && ++batches % 5 === 0) proxy.cut(batches % 10 === 0 ? 'answer' : 'middle')
      },
    })
    expect(outcome).toEqual({ state: 'applied', rows: 600 })
    expect(setup.events.filter(({ type }) => type === 'connection.lost').length).toBeGreaterThanOrEqual(4)
    expect(await counts(db)).toEqual({ '1': 600 })
    const ranges = await allRanges(db)
    expect(ranges.length).toBeGreaterThan(1)
    expect(ranges.reduce((sum, { rows_done }) => sum + Number(rows_done), 0)).toBe(600)
  })

  test('when the server is killed and comes back', { retry: 0 }, async () => {
    const random = createRandom('server kills')
    const { family } = server
    const own = await startPrivateServer(family === 'postgres' ? { version: 18, fsync: true } : { family, fsync: true })
    const db = await createDatabase(own)
    await db.query(itemsSql(5_000, server.family))
    const { run, events } = await setUpBackfill(db)
    let ended = false
    // Slow enough for the last kill to come while rows are being changed.
    const slowly = countingBackfill({ batchSize: 100, set: slow(server, 0.1) })
    const running = run(slowly, { workers: 2, limits: { floor: 10, ceiling: 100 } }).finally(() => {
      ended = true
    })
    // What comes before the first batch is the runner's to repeat.
    await expect
      .poll(() => events.some(({ type }) => type === 'batch.done'), { timeout: 20_000, interval: 10 })
      .toBe(true)
    let kills = 0
    // Before that it has only looked, and gives up where nothing can be reached.
    while (!ended && !events.some(({ type }) => type === 'batch.done')) await sleep(20)
    while (!ended && kills < 3) {
      await sleep(100 + random.next() * 200)
      if (ended) break
      await own.kill()
      kills++
      await own.restart()
    }
    expect(await running).toEqual({ state: 'applied', rows: 5_000 })
    expect(events.some(({ type }) => type === 'connection.lost')).toBe(true)
    expect(await counts(db)).toEqual({ '1': 5_000 })
  })
}

/**
 * A TCP proxy that cuts the batch sessions: `middle` 60 ms later, whatever goes on; `answer` swallows everything that the
 * server says from the next batch statement on and cuts when that has been answered.
 */
async function startProxy(db: AnyDatabase) {
  const url = new URL(db.url)
  // A container's port need not be on this machine's loopback.
  const upstreamHost = url.hostname
  const port = Number(url.port)
  const pairs = new Set<{ client: Socket; upstream: Socket; swallow: boolean; batch: boolean }>()
  const server = createServer((client) => {
    const upstream = connectSocket(port, upstreamHost)
    const pair = { client, upstream, swallow: false, batch: false }
    pairs.add(pair)
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.on('data', (data) => {
      if (pair.swallow && data.includes(db.family === 'postgres' ? 'phasegate_fence' : 'COMMIT')) pair.batch = true
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (pair.batch) return drop(pair)
      client.write(data)
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => drop(pair))
  })
  const drop = (pair: { client: Socket; upstream: Socket }): void => {
    pair.client.destroy()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const { client, upstream } of pairs) {
      client.destroy()
      upstream.destroy()
    }
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  url.hostname = '127.0.0.1'
  url.port = String(address.port)
  return {
    url: url.href,
    cut: (how: 'middle' | 'answer') => {
      for (const pair of pairs) {
        if (how === 'answer') pair.swallow = true
        // Only the client's end: the server goes on with its statement and finds nobody to answer.
        else setTimeout(() => pair.client.resetAndDestroy(), 60)
      }
    },
  }
}
