import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { environment, said, verbsOn } from '../conformance/verbs.js'
import { processesIn } from '../support/mysql-processes.js'
import { createProject } from '../support/project.js'
import { startCli } from '../support/run-cli.js'
import { describeWithPtOsc, describeWithTool, startPrivateServer } from '../support/servers.js'
import { createSmallDisk, whyNoSmallDisk } from '../support/small-disk.js'
import { ADDS_PHONE, assertNothingLost, columnsOf, ghostDatabase, leftIn } from './ghost-setup.js'
import { assertNothingLeft, oscProject, typeOfN } from './osc-setup.js'

const MB = 1024 * 1024

describeWithPtOsc(
  'pt-online-schema-change on a server whose disk is full',
  ({ family }, tool) => {
    test('where the copy has no room it fails and leaves nothing; with room the same command finishes', {
      timeout: 180_000,
    }, async () => {
      const disk = createSmallDisk(400 * MB)
      // With a binary log the server waits for room instead.
      const settings = {
        'skip-log-bin': '1',
        [family === 'mysql' ? 'innodb-redo-log-capacity' : 'innodb-log-file-size']: '16M',
      }
      const own = await startPrivateServer({ family, folder: disk.path, settings })
      const db = await ghostDatabase(own)
      const run = verbsOn(oscProject(tool), db)
      disk.fill(6 * MB)
      const failed = await run('expand', '--long')
      expect(failed.stdout + failed.stderr).toMatch(/ENGINE\.FAILED.*is full/s)
      await assertNothingLeft(db)
      expect(await typeOfN(db)).toBe('int')
      // With the triggers and the copy there is room for writers again.
      await db.query('UPDATE users SET n = n + 1 WHERE id <= 300; UPDATE mirror SET n = n + 1 WHERE id <= 300')
      disk.empty()
      const applied = await run('expand', '--long')
      expect(applied.code, applied.stdout + applied.stderr).toBe(0)
      expect(await typeOfN(db)).toBe('bigint')
      await assertNothingLost(db)
      await assertNothingLeft(db)
    })
  },
  whyNoSmallDisk(),
)

describeWithTool(
  'gh-ost',
  'mysql',
  'gh-ost on a server whose disk is full',
  ({ family }) => {
    test('where its binary log has no room the server waits: so do the tool and Phasegate, and all go on', {
      timeout: 300_000,
    }, async () => {
      const disk = createSmallDisk(400 * MB)
      const own = await startPrivateServer({
        family,
        folder: disk.path,
        settings: { 'innodb-redo-log-capacity': '16M' },
      })
      const db = await ghostDatabase(own)
      const project = createProject(ADDS_PHONE)
      disk.fill(6 * MB)
      const cli = startCli(project, ['expand', '--long', '--json'], { env: environment(db), timeout: 240_000 })
      await cli.waitFor(/"state":"copying"/, 60_000)
      const waiting = async () =>
        (await processesIn(db)).filter(
          ({ State, Info }) => State === 'waiting for handler commit' && Info?.includes('gh-ost'),
        )
      await expect.poll(waiting, { timeout: 20_000 }).not.toEqual([])
      await sleep(5000)
      expect(cli.process.exitCode, cli.stderr()).toBe(null)
      disk.empty()
      const ended = await cli.ended
      expect(ended.code, said(ended)).toBe(0)
      expect(await columnsOf(db)).toContain('phone')
      await assertNothingLost(db)
      expect(await leftIn(db)).toEqual([])
    })
  },
  whyNoSmallDisk(),
)
