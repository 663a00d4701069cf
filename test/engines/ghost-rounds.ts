import { expect } from 'vitest'
import { environment, type Run, said, verbsOn } from '../conformance/verbs.js'
import { processesIn } from '../support/mysql-processes.js'
import { createProject } from '../support/project.js'
import { startCli } from '../support/run-cli.js'
import type { Random } from '../support/seed.js'
import type { MysqlDatabase, SharedMysql } from '../support/servers.js'
import { ADDS_PHONE, assertNothingLost, columnsOf, ghostDatabase, leftIn, lostIn, startWriting } from './ghost-setup.js'
import { killAt, type Victim } from './kill-at.js'

const ROWS = 20_000
/** ms after its start at which it may be killed: from its first moment to after its swap. */
const LATEST = 7_000

/**
 * Changes a table by gh-ost beside traffic and kills at a random moment; then gives the same command again, and looks whether
 * anything was lost or is left. True: it was killed before its end.
 */
export async function ghostRound(server: SharedMysql, random: Random, victim: Victim): Promise<boolean> {
  const db = await ghostDatabase(server, ROWS)
  const project = createProject({
    ...ADDS_PHONE,
    'phasegate.config.ts': config(random.int(0, 6)),
  })
  try {
    const traffic = await startWriting(db, ROWS)
    const cli = startCli(project, ['expand', '--long', '--json'], { env: environment(db), timeout: 180_000 })
    const killed = await killAt(cli, random.int(0, LATEST), victim)
    const first = await cli.ended
    if (killed && victim === 'tool' && first.code !== 0) expect(said(first)).toMatch(/ENGINE\.(FAILED|UNPROVEN_SWAP)/)
    project.write('phasegate.config.ts', config(0))
    const unproven = (await finish(verbsOn(project, db))) ?? UNPROVEN.exec(said(first))
    const { reads, writes } = await traffic.stop()
    expect([...reads.errors, ...writes.errors], 'nobody met an error').toEqual([])
    expect(await columnsOf(db)).toContain('phone')
    if (unproven === null) await assertNothingLost(db)
    else expect(await lostIn(db, unproven[1]!)).toEqual([])
    expect(await leftIn(db)).toEqual(unproven === null ? [] : ['_users_del'])
    await assertNobodyLeft(db)
    await db.drop()
    return killed
  } finally {
    project.delete()
  }
}

const config = (niceRatio: number): string => `import { defineConfig } from 'phasegate'
  export default defineConfig({ engines: { 'gh-ost': {
    arguments: ['--chunk-size=200', '--nice-ratio=${niceRatio}'] } } })`

/** It was killed in the milliseconds of its swap, and what may be missing is kept and shown. */
const UNPROVEN = /ENGINE\.UNPROVEN_SWAP.*"differing":\s*"([^"]+)"/s

async function finish(run: Run): Promise<RegExpExecArray | null> {
  const again = await run('expand', '--long', '--json')
  const unproven = UNPROVEN.exec(said(again))
  const last = unproven === null ? again : await run('expand', '--long', '--json')
  expect(last.code, said(last)).toBe(0)
  return unproven
}

/** No session of the tool. */
async function assertNobodyLeft(db: MysqlDatabase): Promise<void> {
  const sessions = async () => (await processesIn(db)).filter(({ Info }) => Info?.includes('_users_gh'))
  await expect.poll(sessions, { timeout: 5_000 }).toEqual([])
}
