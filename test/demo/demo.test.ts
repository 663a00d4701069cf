import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDatabase, describeOnMysql } from '../support/servers.js'

const DEMO = fileURLToPath(new URL('../../examples/demo/dist/main.js', import.meta.url))
const ROWS = ['--rows', '20000']
const MINUTES = 60_000

describe('npm run demo', () => {
  test(
    'takes the migration through all phases without one failed request or wrong answer',
    async () => {
      const demo = startDemo(ROWS)
      await expectTheWholeStory(demo)
      expect(readdirSync(demo.tmp), 'what it left behind').toEqual([])
    },
    4 * MINUTES,
  )

  test(
    'fails when a build gives wrong answers',
    async () => {
      const demo = startDemo(ROWS, { DEMO_NEW_BUILD: 'broken' })
      const code = await demo.ended
      expect(code, demo.output()).toBe(1)
      expect(demo.output()).toMatch(/^rows compared +[\d,]+, wrong [1-9]/m)
      expect(demo.output()).toMatch(/^error .*expected verified/m)
      expect(demo.output()).toContain('FAILED')
    },
    4 * MINUTES,
  )

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'leaves nothing behind after %s',
    async (signal) => {
      const demo = startDemo(ROWS)
      await demo.waitFor(/Traffic from here/)
      demo.process.kill(signal)
      expect(await demo.ended, demo.output()).toBe(signal === 'SIGINT' ? 130 : 143)
      expect(readdirSync(demo.tmp)).toEqual([])
    },
    2 * MINUTES,
  )

  test('says how to get a server where there is none', async () => {
    // No program of a server in these places, and no engine: where a machine has one after all, it is used.
    const mysql = startDemo(['--database', 'mysql'], { DOCKER_HOST: 'unix:///nowhere/docker.sock' })
    await Promise.race([mysql.ended, mysql.waitFor(/runs, with nothing in it/)])
    if (/runs, with nothing in it/.test(mysql.output())) return
    expect(await mysql.ended).toBe(2)
    expect(mysql.output()).toMatch(/There is no MySQL here[\s\S]*apt install[\s\S]*--database mysql:\/\//)
  })

  test('refuses a database that it does not know, and wrong numbers', async () => {
    for (const database of ['oracle', 'oracle://h/d']) {
      const oracle = startDemo(['--database', database])
      expect(await oracle.ended).toBe(2)
      expect(oracle.output()).toContain("there is no database 'oracle'")
    }
    const few = startDemo(['--rows', 'many'])
    expect(await few.ended).toBe(2)
    expect(few.output()).toContain("--rows must be a whole number of at least 1000, not 'many'")
  })
})

describeOnMysql('mariadb', 'npm run demo -- --database mariadb', () => {
  test(
    'starts a server of its own and does the same there',
    async () => {
      const demo = startDemo([...ROWS, '--database', 'mariadb'])
      await expectTheWholeStory(demo)
      expect(demo.output()).toMatch(/^MariaDB [\d.]+ runs, with nothing in it\.$/m)
      expect(readdirSync(demo.tmp), 'what it left behind').toEqual([])
    },
    4 * MINUTES,
  )
})

describeOnMysql('mysql', 'npm run demo -- --database <url>', (server) => {
  test(
    'does the same on an empty database, and refuses one that is not',
    async () => {
      const db = await createDatabase(server)
      const demo = startDemo([...ROWS, '--database', db.url])
      await expectTheWholeStory(demo)
      expect(demo.output()).toMatch(/^MySQL [\d.]+ answers\.$/m)
      const again = startDemo(['--database', db.url])
      expect(await again.ended).toBe(1)
      expect(again.output()).toContain('the database is not empty')
    },
    4 * MINUTES,
  )
})

async function expectTheWholeStory(demo: RunningDemo): Promise<void> {
  const code = await demo.ended
  const output = demo.output()
  expect(code, output).toBe(0)
  for (const phase of ['old', 'expand', 'roll to both', 'backfill', 'roll to new', 'contract', 'new alone']) {
    const line = output.split('\n').find((text) => new RegExp(`^${phase} +[\\d.]+ +[\\d,]+ +0 `).test(text))
    expect(line, `a line of the table for ${phase}\n${output}`).toBeDefined()
  }
  const requests = Number(/^requests +([\d,]+), errors 0$/m.exec(output)?.[1]?.replaceAll(',', ''))
  expect(requests).toBeGreaterThan(1_000)
  expect(output).toMatch(/^backfill +1\d,\d{3} rows in [\d.]+ s, verified: [\d,]+ rows\/s$/m)
  expect(output).toMatch(/^longest lock wait +\d+ ms/m)
  expect(output).toMatch(/^table size +[\d.]+ MiB before, [\d.]+ MiB after$/m)
  expect(output).toMatch(/^rows compared +2\d,\d{3}, wrong 0$/m)
  expect(output, 'the refused contract').toMatch(
    /phasegate contract\n[\s\S]*live instances use the old shape[\s\S]*\(exit 3\)/,
  )
}

interface RunningDemo {
  readonly process: ChildProcess
  /** Everything that it puts into the temporary folder is in here. */
  readonly tmp: string
  /** Both streams. */
  output(): string
  waitFor(pattern: RegExp): Promise<void>
  readonly ended: Promise<number | null>
}

function startDemo(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningDemo {
  const tmp = mkdtempSync(join(tmpdir(), 'phasegate-test-demo-'))
  // As root the server runs as another account, and has to get there.
  chmodSync(tmp, 0o755)
  const child = spawn(process.execPath, [DEMO, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: tmp, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const listeners = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      for (const listener of listeners) listener()
    })
  }
  const ended = once(child, 'close').then(([code]) => code as number | null)
  onTestFinished(async () => {
    // Its PostgreSQL and its instances end with it.
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await ended
    rmSync(tmp, { recursive: true, force: true })
  })
  return {
    process: child,
    tmp,
    output: () => output,
    ended,
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(output)) resolve()
        }
        listeners.add(look)
        look()
        void ended.then(() => reject(new Error(`ended without ${pattern}\n${output}`)))
      }),
  }
}
