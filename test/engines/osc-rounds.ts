import { expect } from 'vitest'
import { runCli, startCli } from '../support/run-cli.js'
import type { Random } from '../support/seed.js'
import type { AnyDatabase, SharedMysql } from '../support/servers.js'
import { assertNothingLost, ghostDatabase, startWriting } from './ghost-setup.js'
import { killAt, type Victim } from './kill-at.js'
import { assertNothingLeft, oscProject, typeOfN } from './osc-setup.js'

const ROWS = 20_000
const LONG = ['expand', '--long']
const TIMEOUT = 120_000

/** It says why it failed, and that it goes on, where it left anything to go on with. */
async function assertEnding(
  db: AnyDatabase,
  victim: Victim,
  killed: boolean,
  { code, stdout, stderr }: { readonly code: number | null; readonly stdout: string; readonly stderr: string },
): Promise<void> {
  if (victim !== 'tool' || !killed || code === 0) return
  expect(stdout + stderr).toMatch(/was ended by SIGKILL/)
  if (!/it goes on from/.test(stdout + stderr)) await assertNothingLeft(db)
}

/**
 * Copies a table beside traffic and kills at a random moment, and once more; then gives the same command again, and looks whether
 * anything was lost or is left. True: it was killed before its end.
 */
export async function oscRound(server: SharedMysql, tool: string, random: Random, victim: Victim): Promise<boolean> {
  const db = await ghostDatabase(server, ROWS)
  const project = oscProject(tool, { slow: 0.1 })
  const env = { DATABASE_URL: db.url }
  try {
    const traffic = await startWriting(db, ROWS)
    const cli = startCli(project, LONG, { env, timeout: TIMEOUT })
    const killed = await killAt(cli, random.int(0, 4000), victim)
    await assertEnding(db, victim, killed, await cli.ended)
    if (killed) {
      const next = startCli(project, LONG, { env, timeout: TIMEOUT })
      // It may find the tool at work, or all done.
      const killedAgain = await Promise.race([
        killAt(next, random.int(0, 4000), victim).catch(() => false),
        next.ended.then(() => false),
      ])
      await assertEnding(db, victim, killedAgain, await next.ended)
    }
    const again = await runCli(project, LONG, { env, timeout: TIMEOUT })
    expect(again.code, again.stderr + again.stdout).toBe(0)
    const { reads, writes } = await traffic.stop()
    expect([...reads.errors, ...writes.errors].map(String), 'nobody met an error').toEqual([])
    expect(await typeOfN(db)).toBe('bigint')
    await assertNothingLost(db)
    await assertNothingLeft(db)
    await db.drop()
    return killed
  } finally {
    project.delete()
  }
}
