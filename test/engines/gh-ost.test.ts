import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { describeWithTool } from '../support/servers.js'
import { driveGhost, LIMITS } from './ghost-driver.js'
import { assertNothingLost, columnsOf, ghostDatabase, leftIn, startWriting } from './ghost-setup.js'

/** Seconds in which a copy of these tables is not done. */
const SLOW = ['--nice-ratio=8']

describeWithTool('gh-ost', 'mysql', 'gh-ost, driven by hand', (server) => {
  test('copies beside traffic, is paused, paced, held and let go; nothing is lost', async () => {
    const db = await ghostDatabase(server)
    const traffic = await startWriting(db)
    const { engine, job, reasons, start } = await driveGhost(db, { arguments: SLOW })
    expect(await reasons()).toEqual([])
    const tool = await start()

    const copying = await tool.until('copying', ({ state, done }) => state === 'copying' && done! > 1000)
    expect(copying.percent).toBeGreaterThan(0)
    expect(copying.percent).toBeLessThan(100)
    await engine.pause(job)
    const paused = await tool.until('paused', (progress) => progress.paused)
    await sleep(2500)
    expect((await engine.ask!(job))?.done).toBe(paused.done)
    await engine.resume(job)
    // A person's own rest is not undone.
    await engine.pace!(job, 0)
    expect(await tool.say('nice-ratio=?')).toBe('8')
    await engine.pace!(job, 20)
    expect(await tool.say('nice-ratio=?')).toBe('20')
    await tool.say('nice-ratio=0')
    const held = await tool.until('held', ({ state }) => state === 'held')
    expect(held).toMatchObject({ percent: 100, etaSeconds: 0 })
    expect(tool.read().progress().state).toBe('held')
    await sleep(2500)
    expect(await columnsOf(db)).not.toContain('phone')

    await engine.release(job, LIMITS)
    const ending = await tool.ended
    expect(engine.judge(job, ending, tool.read())).toBe('swapped')
    expect(engine.judge(job, { code: null, signal: null }, tool.read())).toBe('swapped')
    const { reads, writes } = await traffic.stop()
    expect([...reads.errors, ...writes.errors]).toEqual([])
    expect(writes.count).toBeGreaterThan(100)
    const after = await job.target.inspect(job.session, job.task.table)
    expect(after?.identity).not.toBe(job.run.identity)
    expect(await columnsOf(db)).toContain('phone')
    await assertNothingLost(db)
    expect(await engine.unprovenSwap!(job)).toBeUndefined()

    await engine.cleanUp(job, LIMITS)
    expect(await leftIn(db), 'by who took the table for the one before').toEqual(['_users_del'])
    await engine.cleanUp({ ...job, table: after! }, LIMITS)
    expect(await leftIn(db)).toEqual([])
    expect(await job.files.exists('socket')).toBe(false)
  })

  test('killed, what it left is taken away, and another one takes the table', async () => {
    const db = await ghostDatabase(server, 5000)
    const { engine, job, start } = await driveGhost(db, { arguments: SLOW })
    const first = await start()
    await first.until('copying', ({ done }) => done! > 0)
    await first.kill()
    expect(await leftIn(db)).not.toEqual([])
    await engine.cleanUp(job, LIMITS)
    expect(await leftIn(db)).toEqual([])
    const second = await start()
    await second.until('copying again', ({ done }) => done! > 0)
    await second.say('nice-ratio=0')
    await second.until('held', ({ state }) => state === 'held')
    await engine.release(job, LIMITS)
    expect(engine.judge(job, await second.ended, second.read())).toBe('swapped')
    expect(await columnsOf(db)).toContain('phone')
    await assertNothingLost(db)
  })

  test('it ends when it is asked to', async () => {
    const db = await ghostDatabase(server, 5000)
    const { engine, job, start } = await driveGhost(db, { arguments: SLOW })
    const tool = await start()
    await tool.until('copying', ({ done }) => done! > 0)
    await engine.stop(job)
    const ending = await tool.ended
    expect(ending).toEqual({ code: 1, signal: null })
    expect(engine.judge(job, ending, tool.read())).toBe('failed')
    expect(tool.read().failure().join()).toContain("user commanded 'panic'")
    expect(await leftIn(db)).not.toEqual([])
    await engine.cleanUp(job, LIMITS)
    expect(await leftIn(db)).toEqual([])
    // Nobody is there any more.
    await engine.stop(job)
    expect(await engine.ask!(job)).toBeUndefined()
  })

  test('a row that the change would lose ends it', async () => {
    const db = await ghostDatabase(server, 3000)
    const { engine, job, reasons, start } = await driveGhost(db, {
      ...{ alter: 'ADD UNIQUE KEY one (n)', traits: ['adds unique key'] },
    })
    expect(await reasons()).toEqual([])
    const tool = await start()
    const ending = await tool.ended
    expect(engine.judge(job, ending, tool.read())).toBe('failed')
    expect(tool.read().failure().join()).toMatch(/Duplicate entry '0' for key/)
    await engine.cleanUp(job, LIMITS)
    await assertNothingLost(db)
  })

  test('a value that the change would lose ends it', async () => {
    const db = await ghostDatabase(server, 3000)
    const { engine, job, start } = await driveGhost(db, {
      ...{ alter: 'MODIFY note varchar(200) NOT NULL', traits: ['sets not null'] },
    })
    const tool = await start()
    expect(engine.judge(job, await tool.ended, tool.read())).toBe('failed')
    expect(tool.read().failure().join()).toMatch(/Column 'note' cannot be null/)
    await engine.cleanUp(job, LIMITS)
    await assertNothingLost(db)
  })
})
