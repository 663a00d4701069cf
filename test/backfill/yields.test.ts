import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createDatabase, describeOnEveryServer } from '../support/servers.js'
import { countingBackfill, itemsSql, keyOf, pause, setUpBackfill, UNIT } from './backfill-setup.js'

describeOnEveryServer('a batch whose rows somebody wants', (server) => {
  const slowly = (ms: number) => [{ column: 'n', expression: `n + 1 + ${pause(server.family, ms)}` }]

  test('says so, and one whose rows nobody wants does not', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(1000, server.family))
    const setup = await setUpBackfill(db)
    const session = await setup.prepared()
    onTestFinished(() => session.close())
    await setup.target.backfill.addRange(session, UNIT, 0, '1000')
    const answer = await setup.target.backfill.lease(session, UNIT, 'first', 30_000)
    if (answer.state !== 'leased') throw new Error(answer.state)
    let { range } = answer
    const batch = async (end: string, ms: number) => {
      const backfill = countingBackfill({ set: slowly(ms) })
      const done = await setup.target.backfill.runBatch(session, backfill, keyOf(server), range, end, 30_000, null)
      range = { ...range, cursor: end }
      return done
    }
    const running = batch('100', 10)
    await sleep(500)
    const application = db.query('UPDATE items SET doubled = 1 WHERE id = 1')
    expect(await running).toEqual({ moved: true, rows: 100, waited: true })
    await application
    // MySQL and MariaDB say that somebody waits on the server, which may be in another test.
    const others = []
    for (let end = 101; end <= 130; end++) others.push((await batch(String(end), 0)).waited)
    expect(others).toContain(undefined)
    if (server.family === 'postgres') expect(others).not.toContain(true)
  })

  test('is followed by smaller ones', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(400, server.family))
    const { target, run } = await setUpBackfill(db)
    const sizes: number[] = []
    let ended = false
    const application = Array.from({ length: 3 }, async (_, client) => {
      const session = await db.open()
      for (let id = client + 1; !ended; id = (id % 400) + 1)
        await session.query(`UPDATE items SET doubled = 1 WHERE id = ${id}`)
    })
    const counted: typeof target = {
      ...target,
      backfill: {
        ...target.backfill,
        runBatch: async (...batch) => {
          const done = await target.backfill.runBatch(...batch)
          sizes.push(done.rows)
          return done
        },
      },
    }
    await run(countingBackfill({ batchSize: 80, batchTime: 400, set: slowly(4) }), {
      target: counted,
      limits: { floor: 4, ceiling: 80 },
    })
    ended = true
    await Promise.all(application)
    const moved = sizes.filter((rows) => rows > 0)
    expect(moved.reduce((sum, rows) => sum + rows, 0)).toBe(400)
    expect(Math.min(...moved.slice(0, -1))).toBeLessThan(20)
  })
})
