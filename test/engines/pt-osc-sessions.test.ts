import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { processesIn } from '../support/mysql-processes.js'
import { runCli, startCli } from '../support/run-cli.js'
import { describeWithPtOsc } from '../support/servers.js'
import { assertNothingLost, ghostDatabase, startWriting } from './ghost-setup.js'
import { assertNothingLeft, leftBehind, oscProject, typeOfN } from './osc-setup.js'

const ROWS = 10_000
const LONG = ['expand', '--long']

describeWithPtOsc('pt-online-schema-change loses its sessions', (server, tool) => {
  test('while it copies: that is said, and the same command finishes, nothing is lost or left', async () => {
    const db = await ghostDatabase(server, ROWS)
    const project = oscProject(tool, { alter: 'ALTER TABLE users MODIFY n bigint NOT NULL DEFAULT 0', slow: 0.3 })
    const env = { DATABASE_URL: db.url }
    const cli = startCli(project, LONG, { env })
    await cli.waitFor(/process \d+/)
    while ((await leftBehind(db)).filter((one) => one.startsWith('trigger')).length < 3) await sleep(50)
    // Those of the supervisor too, which comes back.
    const sessions = await processesIn(db)
    expect(sessions.length).toBeGreaterThan(1)
    for (const { Id } of sessions) await db.query(`KILL ${Id}`).catch(() => {})
    const traffic = await startWriting(db, ROWS)
    const first = await cli.ended
    expect(first.stdout + first.stderr).toMatch(/connection lost/)
    const again = await runCli(project, LONG, { env })
    expect(again.code, again.stderr + again.stdout).toBe(0)
    const { writes } = await traffic.stop()
    expect(writes.errors.map(String)).toEqual([])
    expect(await typeOfN(db)).toBe('bigint')
    await assertNothingLost(db)
    await assertNothingLeft(db)
  })
})
