import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { atTestEnd } from '../support/at-test-end.js'
import { describeWithTool } from '../support/servers.js'
import { driveGhost, LIMITS } from './ghost-driver.js'
import { assertNothingLost, ghostDatabase, startWriting } from './ghost-setup.js'

const CHECKPOINTS = ['--checkpoint', '--checkpoint-seconds=10']

/** Why Phasegate never asks for it (decision 0019). Red: gh-ost may be resumed again. */
describeWithTool('gh-ost', 'mysql', "gh-ost's own --resume", (server) => {
  test('loses what it reads before it listens', { retry: 0 }, async () => {
    const hooks = mkdtempSync(join(tmpdir(), 'phasegate-hooks-'))
    atTestEnd(() => rmSync(hooks, { recursive: true, force: true }))
    const db = await ghostDatabase(server)
    const traffic = await startWriting(db)
    const { engine, job, start } = await driveGhost(db, { arguments: ['--nice-ratio=15', `--hooks-path=${hooks}`] })
    const first = await start(CHECKPOINTS)
    const log = (): string => readFileSync(job.files.path('stderr'), 'utf8')
    await expect.poll(log, { timeout: 40_000, interval: 200 }).toContain('checkpoint success')
    await first.kill()
    // It is called between the two.
    const hook = join(hooks, 'gh-ost-on-validated')
    writeFileSync(hook, '#!/bin/sh\nsleep 3\n')
    chmodSync(hook, 0o755)
    const second = await start([...CHECKPOINTS, '--resume'])
    await second.until('copying again', ({ done }) => done! > 0)
    await second.say('nice-ratio=0')
    await second.until('held', ({ state }) => state === 'held')
    await engine.release(job, LIMITS)
    expect(engine.judge(job, await second.ended, second.read())).toBe('swapped')
    await traffic.stop()
    await expect(assertNothingLost(db)).rejects.toThrow(/missing/)
  })
})
