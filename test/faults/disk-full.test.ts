import { expect, test } from 'vitest'
import { counts } from '../backfill/backfill-setup.js'
import { describeWithSmallDisk } from '../support/servers.js'
import { assertWhole, type Ended, leaveInLog, MB, openOnSmallDisk, progressOf, ROWS } from './disk-full-setup.js'

describeWithSmallDisk('the disk of the server is full', (server) => {
  test('a backfill stops with a code of its own, and goes on when there is room: each row is changed exactly once', async () => {
    // A MySQL server waits for room in its binary log; without one it is the table that finds none.
    const { disk, db, run } = await openOnSmallDisk(server, { 'skip-log-bin': '1' })
    if (server.family === 'postgres') await leaveInLog(db, 16 * MB)
    disk.fill(3 * MB)
    const stopped = await run('backfill', '--json')
    expect(stopped.code, stopped.stderr).toBe(9)
    const [failed] = stopped.json<Ended>().units
    expect(failed).toMatchObject({
      outcome: 'failed',
      error: { code: 'DATABASE.DISK_FULL', why: expect.stringMatching(/no space left|is full/i) },
    })
    const { shown, done } = await progressOf(run)
    expect(shown).toMatchObject({ state: 'failed', error: { code: 'DATABASE.DISK_FULL' } })
    expect(done).toBeGreaterThan(0)
    expect(await counts(db)).toEqual({ '0': ROWS - done, '1': done })
    // Still no room: the same end, and nothing is changed twice.
    expect((await run('backfill')).code).toBe(9)

    disk.empty()
    const ended = await run('backfill')
    expect(ended.code, ended.stderr).toBe(0)
    await assertWhole(db, run)
  })

  test.runIf(server.family === 'postgres')(
    'a server that ends because its log finds no room: the command that runs goes on when it is back',
    async () => {
      const { disk, own, db, start, run } = await openOnSmallDisk(server)
      await leaveInLog(db, 2 * MB)
      disk.fill(12 * MB)
      const running = start('backfill', '--json')
      await running.waitFor(/connection\.lost/)
      expect(await own.log()).toMatch(/PANIC: .*No space left on device/)
      disk.empty()
      await own.restart()
      const ended = await running.ended
      // While the new file of the log takes what room there is, the table may find none: then the unit ends, as above.
      if (ended.code === 9 && ended.stdout.includes('DATABASE.DISK_FULL')) expect((await run('backfill')).code).toBe(0)
      else expect(ended.code, ended.stderr + ended.stdout).toBe(0)
      await assertWhole(db, run)
    },
  )
})
