import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { environment, said, verbsOn } from '../conformance/verbs.js'
import { createProject } from '../support/project.js'
import { type RunningCli, startCli } from '../support/run-cli.js'
import { describeWithTool } from '../support/servers.js'
import { ADDS_PHONE, assertNothingLost, columnsOf, ghostDatabase, leftIn, lostIn, startWriting } from './ghost-setup.js'
import { killAtLine } from './kill-at-line.js'

const ROWS = 3000

/** The tool of a run, and where it writes. */
async function toolOf(cli: RunningCli): Promise<{ readonly pid: number; readonly stderr: string }> {
  await cli.waitFor(/"type":"engine\.started"/, 60_000)
  const pid = Number(/"type":"engine\.started".*?"pid":(\d+)/.exec(cli.stderr())?.[1])
  const given = (): string => readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  // Until the shell has become the tool.
  await expect.poll(given, { interval: 5 }).toMatch(/^[^\0]*gh-ost\0/)
  const settings = /--conf=([^\0]+)/.exec(given())![1]!
  return { pid, stderr: join(dirname(settings), 'stderr') }
}

interface Unproven {
  readonly code: string
  readonly meta: { readonly kept: string; readonly differing: string }
}

/** Milliseconds decide whether it is killed in time. */
const ATTEMPTS = 8

describeWithTool('gh-ost', 'mysql', 'gh-ost is killed while it lets go of the table', (server) => {
  async function killedAt(text: string) {
    const db = await ghostDatabase(server, ROWS)
    const project = createProject(ADDS_PHONE)
    const traffic = await startWriting(db, ROWS)
    const cli = startCli(project, ['expand', '--long', '--json'], { env: environment(db), timeout: 120_000 })
    const tool = await toolOf(cli)
    await killAtLine(tool.stderr, tool.pid, text)
    const { code, stdout, stderr } = await cli.ended
    await traffic.stop()
    return { db, run: verbsOn(project, db), code, stdout, said: stdout + stderr }
  }

  test('the table before the swap is kept and shows what may be missing; then the same command goes on', {
    timeout: 240_000,
  }, async () => {
    for (let attempt = 1; ; attempt++) {
      const { db, run, code, stdout, said: first } = await killedAt('INFO Dropping magic cut-over table')
      if (code === 0) {
        expect(attempt, 'never killed in time').toBeLessThan(ATTEMPTS)
        await assertNothingLost(db)
        continue
      }
      expect(code, first).toBe(9)
      const { error } = (JSON.parse(stdout) as { units: [{ error: Unproven }] }).units[0]
      expect(error.code, first).toBe('ENGINE.UNPROVEN_SWAP')
      expect(await columnsOf(db)).toContain('phone')
      expect(await leftIn(db)).toEqual([error.meta.kept])
      expect((await run('status')).stdout).toMatch(/failed/)
      expect(await lostIn(db, error.meta.differing)).toEqual([])
      const again = await run('expand', '--long')
      expect(again.code, said(again)).toBe(0)
      expect(await leftIn(db)).toEqual([error.meta.kept])
      return
    }
  })

  test('a swap that was seen to come first keeps nothing', async () => {
    const { db, code, said: first } = await killedAt('INFO Rename session is pending lock on the origin table')
    expect(code, first).toBe(0)
    expect(await columnsOf(db)).toContain('phone')
    await assertNothingLost(db)
    expect(await leftIn(db)).toEqual([])
  })
})
