import { expect, test } from 'vitest'
import { describeWithSmallDisk } from '../support/servers.js'
import { assertWhole, type Ended, MB, openOnSmallDisk, progressOf } from './disk-full-setup.js'

describeWithSmallDisk('the disk of the server is full', (server) => {
  // Of a server that waits for room and looks for it each minute.
  test.runIf(server.family !== 'postgres')(
    'for its binary log: nobody ends the session that waits, and each row is changed exactly once',
    async () => {
      const { disk, own, db, run } = await openOnSmallDisk(server)
      disk.fill(2 * MB)
      const stopped = await run('backfill', '--json')
      expect(stopped.code, stopped.stderr).toBe(9)
      expect(stopped.json<Ended>().units).toMatchObject([{ error: { code: 'DATABASE.DISK_FULL' } }])
      // Its transaction is open still, and nobody can write down that it failed.
      expect((await progressOf(run)).shown).toMatchObject({ state: 'running' })
      // MySQL ends itself when such a session is ended.
      expect(await own.log()).not.toMatch(/ABORT_SERVER/)
      disk.empty()
      const ended = await run('backfill')
      expect(ended.code, ended.stderr).toBe(0)
      await assertWhole(db, run)
    },
  )
})
