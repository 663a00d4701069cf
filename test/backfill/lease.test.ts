import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { type AnyServer, createDatabase, describeOnEveryMysql, describeOnPostgres } from '../support/servers.js'
import {
  allRanges,
  countingBackfill,
  counts,
  itemsSql,
  journalTable,
  pause,
  rangeRow,
  setUpBackfill,
  UNIT,
} from './backfill-setup.js'

describeOnPostgres(18, 'a lease', suite)
describeOnEveryMysql('a lease', suite)

function suite(server: AnyServer): void {
  test('is had by each of twenty engines that start at once, of a part of its own, and all end with the same answer', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(5000, server.family))
    const { run } = await setUpBackfill(db)
    const slow = countingBackfill({
      batchSize: 50,
      set: [{ column: 'n', expression: `n + 1 + ${pause(server.family, 0.2)}` }],
    })
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        run(slow, { owner: `engine ${index}`, limits: { floor: 10, ceiling: 50 } }),
      ),
    )
    expect(outcomes).toEqual(outcomes.map(() => ({ state: 'applied', rows: 5000 })))
    expect(await counts(db)).toEqual({ '1': 5000 })
    const ranges = await allRanges(db)
    expect(ranges.length).toBeGreaterThan(5)
    expect(ranges.map(({ epoch }) => epoch)).toEqual(ranges.map(() => '1'))
  })

  test('of a process that was killed is taken within two seconds, long before it runs out', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(5000, server.family))
    const { run } = await setUpBackfill(db)
    const backfill = countingBackfill({
      batchSize: 20,
      set: [{ column: 'n', expression: `n + 1 + ${pause(server.family, 1)}` }],
    })
    const script = fileURLToPath(new URL('./run-engine.mjs', import.meta.url))
    const options = { limits: { floor: 10, ceiling: 20 } }
    const child = spawn(
      process.execPath,
      [script, JSON.stringify({ family: db.family, url: db.url, owner: 'child', backfill, options })],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const killed = Date.now()
    const running = run(backfill, { limits: { floor: 1000, ceiling: 5000 } })
    await expect.poll(async () => (await allRanges(db))[0]?.owner, { timeout: 10_000 }).not.toBe('child')
    expect(Date.now() - killed).toBeLessThan(3000)
    expect((await running).state).toBe('applied')
    expect(await counts(db)).toEqual({ '1': 5000 })
  })

  test('that has not run out is respected while its session lives; one that has is taken, and its session ended', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(10, server.family))
    const { target, prepared } = await setUpBackfill(db)
    const [first, second] = [await prepared(), await prepared()]
    await target.backfill.addRange(first, UNIT, 0, '10')
    expect(await target.backfill.lease(first, UNIT, 'first', 300)).toMatchObject({
      state: 'leased',
      range: { epoch: '1' },
    })
    expect(await target.backfill.lease(second, UNIT, 'second', 300)).toEqual({
      state: 'busy',
      owner: 'first',
      backend: first.backend,
    })
    await sleep(350)
    expect(await target.backfill.lease(second, UNIT, 'second', 300)).toMatchObject({
      state: 'leased',
      range: { epoch: '2' },
    })
    await expect(first.query('SELECT 1')).rejects.toThrow()
    await Promise.all([first.close(), second.close()])
  })

  test('that somebody takes away is had anew: a session that asks holds none', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(2000, server.family))
    const { run } = await setUpBackfill(db)
    let seen = 0
    const outcome = await run(countingBackfill({ batchSize: 20 }), {
      limits: { floor: 10, ceiling: 20 },
      emit: (event) => {
        if (event.type === 'batch.done' && ++seen === 5)
          void db.query(`UPDATE ${journalTable(server.family, 'backfill_range')} SET epoch = epoch + 1`)
      },
    })
    expect(outcome).toEqual({ state: 'applied', rows: 2000 })
    expect(await counts(db)).toEqual({ '1': 2000 })
    expect((await rangeRow(db))?.epoch).toBe('3')
  })
}
