import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { createProject } from '../support/project.js'
import { type RunningCli, startCli } from '../support/run-cli.js'
import type { Random } from '../support/seed.js'
import type { SharedServer, TestDatabase } from '../support/servers.js'
import { killAt, type Victim } from './kill-at.js'
import { assertNothingLeft, assertNothingLost, identityOf, repackDatabase, startWriting } from './repack-setup.js'

/** ms; a soak may have the machine for itself or not. */
const PATIENCE = 240_000

/**
 * Repacks a table beside traffic and kills at a random moment; then gives the same command again, and looks whether anything
 * was lost or is left. True: it was killed before its end.
 */
export async function repackRound(server: SharedServer, random: Random, victim: Victim): Promise<boolean> {
  const db = await repackDatabase(server)
  const project = createProject()
  try {
    const [file, traffic] = [await identityOf(db), await startWriting(db)]
    // Every other time it cannot swap before the next one is there.
    const holds = random.next() < 0.5 ? await openTransaction(db) : undefined
    const cli = startCli(project, ['repack', 'users'], { env: { DATABASE_URL: db.url }, timeout: PATIENCE })
    const killed = await killAt(cli, random.int(0, 1800), victim, PATIENCE)
    await expectOutcome(cli, db, victim, killed)
    const again = startCli(project, ['repack', 'users'], { env: { DATABASE_URL: db.url }, timeout: PATIENCE })
    await Promise.race([again.ended, sleep(random.int(500, 2500))])
    await holds?.()
    const { code, stderr } = await again.ended
    expect(code, stderr).toBe(0)
    expect(await identityOf(db)).not.toBe(file)
    const { reads, writes } = await traffic.stop()
    expect([...reads.errors, ...writes.errors], 'nobody met an error').toEqual([])
    await assertNothingLost(db)
    await assertNothingLeft(db)
    await db.drop()
    return killed
  } finally {
    project.delete()
  }
}

async function openTransaction(db: TestDatabase): Promise<() => Promise<void>> {
  const client = await db.connect()
  await client.query('BEGIN; SELECT pg_current_xact_id()')
  return async () => void (await client.query('ROLLBACK'))
}

/** A supervisor that sees its tool die removes what it left, and says that it failed; unless the table was swapped already. */
async function expectOutcome(cli: RunningCli, db: TestDatabase, victim: Victim, killed: boolean): Promise<void> {
  const { code, stdout, stderr } = await cli.ended
  if (victim !== 'tool' || !killed) return
  if (code === 0) expect(stdout).toMatch(/repacked in/)
  else expect(stderr).toMatch(/ENGINE\.FAILED.*was ended by SIGKILL/s)
  await assertNothingLeft(db)
}
