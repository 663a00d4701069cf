import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { askGates } from '@phasegate/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { context } from '../gate-fixtures.test.support.js'
import { type CommandOptions, command } from './command.js'

afterEach(() => vi.unstubAllEnvs())

const ask = async (argv: readonly string[], options?: CommandOptions) =>
  (await askGates([command(argv, options)], context()))[0]!
const node = (script: string, ...args: string[]): string[] => [process.execPath, '-e', script, ...args]

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie that nobody has reaped yet is dead.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

async function until(what: () => boolean): Promise<void> {
  for (let waited = 0; !what(); waited += 20) {
    if (waited > 8000) throw new Error('it did not come to that')
    await sleep(20)
  }
}

describe('command', () => {
  it('opens on exit 0, with what it wrote', async () => {
    expect(await ask(node('console.log("all\\nnew")'))).toMatchObject({
      name: `command(${process.execPath})`,
      state: 'open',
      reason: `${process.execPath} exited 0: all new`,
      expiresAt: '2026-11-22T12:05:00.000Z',
    })
  })

  it('is closed by any other exit, with the end of both outputs', async () => {
    const check = await ask(node('console.log("x".repeat(1e6)); console.error("3 old pods"); process.exitCode = 3'))
    expect(check).toMatchObject({ state: 'closed', observed: 'exit 3', reason: expect.stringMatching(/3 old pods$/) })
    expect(check.reason.length).toBeLessThan(700)
  })

  it('is unknown where it cannot be started or dies of a signal', async () => {
    expect(await ask(['/no/such/program'])).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('could not be started'),
    })
    expect(await ask(node('process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 1e4)'))).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('SIGTERM'),
    })
  })

  it('hands arguments over as they are: there is no shell', async () => {
    const check = await ask(node('console.log(JSON.stringify(process.argv.slice(1)))', '$(echo a) ; b', '*', '"'))
    expect(check.reason).toContain('["$(echo a) ; b","*","\\""]')
  })

  it('kills the whole group when it takes too long', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'phasegate-gate-')), 'pids')
    const child = `require('fs').writeFileSync(${JSON.stringify(file)}, process.ppid + ' ' + process.pid); setInterval(() => {}, 1000)`
    const parent = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' }); setInterval(() => {}, 1000)`
    const check = await ask(node(parent), { timeout: '3s' })
    expect(check).toMatchObject({ state: 'unknown', reason: expect.stringContaining('within 3000 ms') })
    expect(existsSync(file)).toBe(true)
    const pids = readFileSync(file, 'utf8').split(' ').map(Number)
    await until(() => !pids.some(isAlive))
  })

  it('does not wait for what it left running, and kills that too', async () => {
    const script =
      "const c = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' }); console.log(c.pid); c.unref()"
    const check = await ask(node(script), { timeout: '20s' })
    expect(check.state).toBe('open')
    const pid = Number(/: (\d+)$/.exec(check.reason)?.[1])
    expect(pid).toBeGreaterThan(1)
    await until(() => !isAlive(pid))
  })

  it('gets of the environment what is named, the unit and the database, and records none of it', async () => {
    vi.stubEnv('GATE_TOKEN', 's3cret-value')
    vi.stubEnv('DATABASE_URL', 'postgres://u:pa55word@h/d')
    const check = await ask(node('console.log(JSON.stringify(process.env))'), { environment: ['GATE_TOKEN'] })
    expect(check.reason).toContain('"GATE_TOKEN":"[GATE_TOKEN]"')
    expect(check.reason).toContain('"PHASEGATE_UNIT":"m:contract"')
    expect(check.reason).toContain('"PHASEGATE_DATABASE":"shop"')
    expect(JSON.stringify(check)).not.toMatch(/s3cret|pa55word/)
    expect(await ask(node(''), { environment: ['GATE_NOT_SET'] })).toMatchObject({ state: 'unknown' })
  })

  it('refuses an empty list', () => {
    for (const argv of [[], ['']]) {
      expect(() => command(argv)).toThrow(expect.objectContaining({ code: 'GATE.COMMAND', exit: 2 }))
    }
  })
})
