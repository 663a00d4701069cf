import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { environment, type LaneJson, said, verbsOn } from '../conformance/verbs.js'
import type { MysqlTool } from '../support/engine-tools.js'
import { startTraffic } from '../support/live-traffic.js'
import type { MysqlFamily } from '../support/mysql-sources.mjs'
import { createProject, type Project } from '../support/project.js'
import { type RunningCli, startCli } from '../support/run-cli.js'
import { type AnyDatabase, describeWithTool, type SharedMysql } from '../support/servers.js'
import { startDaemon } from '../worker/daemon.js'
import {
  hasPhone,
  isRunning,
  leftoversIn,
  NAME,
  phoneBy,
  ROWS,
  readOrNothing,
  runsOf,
  slowConfig,
  usersOn,
} from './lane-setup.js'

const WHERE: readonly (readonly [MysqlTool, MysqlFamily])[] = [
  ['pt-osc', 'mariadb'],
  ['gh-ost', 'mysql'],
]

for (const [tool, family] of WHERE)
  describeWithTool(tool, family, `a step that ${tool} executes`, (server) => suite(server, tool))

/** Closed until there is a file of that name in the project. */
const HELD_UNTIL_OPEN = `import { existsSync } from 'node:fs'
        import { defineConfig } from 'phasegate'
        const check = async ({ snapshot }) => ({ name: 'night', state: existsSync('open') ? 'open' : 'closed',
          reason: 'it is day', observedAt: snapshot.now })
        export default defineConfig({ gates: { cutover: [{ name: 'night', cost: 0, check }] } })`

const slowly = (tool: MysqlTool): Project => phoneBy(tool, { 'phasegate.config.ts': slowConfig(tool) })

const expandLong = (files: Project, db: Pick<AnyDatabase, 'url'>, ...more: readonly string[]): RunningCli =>
  startCli(files, ['expand', '--long', '--json', ...more], { env: environment(db), timeout: 180_000 })

/** A supervisor that was killed while its tool copies. */
async function killedWhileCopying(files: Project, db: Pick<AnyDatabase, 'url'>): Promise<RunningCli> {
  const cli = expandLong(files, db)
  await cli.waitFor(/"state":"copying"/, 60_000)
  cli.kill('SIGKILL')
  await cli.ended
  return cli
}

const toolOf = (cli: RunningCli): number =>
  Number(/"type":"engine\.started".*?"pid":(\d+)/.exec(cli.stderr())?.[1] ?? Number.NaN)

function suite(server: SharedMysql, tool: MysqlTool): void {
  test('expand leaves it, says why and goes on with others; expand --long applies it under traffic', async () => {
    const db = await usersOn(server)
    await db.query('CREATE TABLE teams (id int PRIMARY KEY)')
    const other = '-- app-uses: old\n-- phase: expand\nALTER TABLE teams ADD COLUMN a int;\n'
    const files = phoneBy(tool, { 'phasegate/20261122100000_other.sql': other })
    const run = verbsOn(files, db)
    expect((await run('plan')).stdout).toContain(`by ${tool}: the migration file`)
    const left = await run('expand', '--json')
    expect(left.code, said(left)).toBe(4)
    expect(left.json<LaneJson>().units.map(({ outcome }) => outcome)).toEqual(['left', 'applied'])
    expect(await hasPhone(db)).toBe(false)

    let written = 0
    const traffic = await startTraffic({
      db,
      read: (client, round) => client.query('SELECT n FROM users WHERE id = ?', [1 + (round % ROWS)]),
      write: async (client, round) => {
        await client.query('UPDATE users SET n = n + 1 WHERE id = ?', [1 + ((round * 7919) % ROWS)])
        written++
        if (round % 5 === 0) await client.query("INSERT INTO users (email, n) VALUES ('new', 1)")
      },
    })
    const applied = await run('expand', '--long')
    const { writes, reads } = await traffic.stop()
    expect(applied.code, said(applied)).toBe(0)
    // Its triggers and its copy lock rows in another order than the application, which the server ends by a deadlock.
    const errors = [...writes.errors, ...reads.errors].filter(
      (error) => tool !== 'pt-osc' || !/deadlock/i.test(error.message),
    )
    expect(errors).toEqual([])
    expect(await hasPhone(db)).toBe(true)
    // Each round adds one to one row, and each fifth a row that has one.
    const [sum] = await db.query('SELECT SUM(n) AS n, COUNT(*) AS c FROM users')
    const [fresh] = await db.query("SELECT COUNT(*) AS c FROM users WHERE email = 'new'")
    expect(Number(sum!.n)).toBe(written + Number(fresh!.c))
    expect(Number(sum!.c)).toBe(ROWS + Number(fresh!.c))
    expect(await leftoversIn(db, ['teams'])).toEqual([])
    expect(await runsOf(db)).toEqual([[tool, null]])
    expect((await run('expand')).code).toBe(0)
  })

  test('a worker takes it up where expand left it', async () => {
    const db = await usersOn(server, 2000)
    const files = phoneBy(tool)
    const left = await verbsOn(files, db)('expand')
    expect(left.code, said(left)).toBe(4)
    const daemon = startDaemon(files, db)
    await daemon.heard('engine.done', undefined, 60_000)
    await daemon.heard('unit.changed', ({ state }) => state === 'applied')
    await daemon.stop()
    expect(await hasPhone(db)).toBe(true)
    expect(await leftoversIn(db)).toEqual([])
  })

  test('a supervisor that is killed leaves the tool at work; the same command takes that very process up', async () => {
    const db = await usersOn(server)
    const files = slowly(tool)
    const first = await killedWhileCopying(files, db)
    const pid = toolOf(first)
    expect(isRunning(pid)).toBe(true)
    const second = await verbsOn(files, db)('expand', '--long', '--json')
    expect(second.code, said(second)).toBe(0)
    expect(second.stderr).toContain(`"how":"taken up","pid":${pid}`)
    expect(second.stderr).not.toContain('"how":"new"')
    expect(await hasPhone(db)).toBe(true)
    expect(await leftoversIn(db)).toEqual([])
  })

  test('of two runners at once one supervises, and the other says so', async () => {
    const db = await usersOn(server)
    const files = slowly(tool)
    const run = verbsOn(files, db)
    const first = expandLong(files, db)
    await first.waitFor(/"state":"copying"/, 60_000)
    const other = await run('expand', '--long', '--json')
    expect(other.code, said(other)).toBe(4)
    expect(other.json<LaneJson>().units).toMatchObject([
      { outcome: 'not run', reason: expect.stringContaining('at work') },
    ])
    const { stdout } = await run('status', '--json')
    expect(stdout).toMatch(new RegExp(`"engine":\\s*"${tool}"`))
    expect(stdout).toMatch(new RegExp(`"name":\\s*"${tool}"`))
    const ended = await first.ended
    expect(ended.code, said(ended)).toBe(0)
  })

  test('pause and resume reach it, cancel ends it and leaves nothing, and it can be begun anew', async () => {
    const db = await usersOn(server)
    const files = slowly(tool)
    const run = verbsOn(files, db)
    const first = expandLong(files, db)
    await first.waitFor(/"state":"copying"/, 60_000)
    expect((await run('pause', 'phone')).code).toBe(0)
    await first.waitFor(/"paused":true/, 60_000)
    expect((await run('resume', 'phone')).code).toBe(0)
    await sleep(1000)
    const cancelled = await run('cancel', 'phone')
    expect(cancelled.code, said(cancelled)).toBe(0)
    const ended = await first.ended
    expect(ended.code, said(ended)).toBe(4)
    expect(await leftoversIn(db)).toEqual([])
    expect(await hasPhone(db)).toBe(false)
    files.remove('phasegate.config.ts')
    const again = await run('expand', '--long')
    expect(again.code, said(again)).toBe(0)
    expect(await hasPhone(db)).toBe(true)
  })

  test('a contract that is cancelled after its first step goes on counting against old builds, and can be finished', async () => {
    const db = await usersOn(server)
    const files = createProject({
      'phasegate.config.ts': slowConfig(tool),
      [`phasegate/${NAME}.ts`]: `import { defineMigration, ops } from 'phasegate'
        export default defineMigration({ appUses: 'new', contract: () => [ops.setDefault('users', 'n', 0),
          ops.alterTable('users', 'ADD COLUMN phone VARCHAR(20)', { engine: '${tool}' })] })`,
    })
    const run = verbsOn(files, db)
    expect((await run('expand')).code).toBe(0)
    const approved = await run('approve', 'phone:contract', '--reason', 'nobody uses it')
    expect(approved.code, said(approved)).toBe(0)
    const contract = ['contract', '--confirm', db.name, '--json']
    const first = startCli(files, contract, { env: environment(db), timeout: 120_000 })
    await first.waitFor(/"state":"copying"/, 60_000)
    expect((await run('cancel', 'phone')).code).toBe(0)
    const ended = await first.ended
    expect(ended.code, said(ended)).toBe(4)
    const [unit] = await db.query(
      "SELECT state, CAST(detail AS CHAR) AS detail FROM phasegate_unit WHERE phase = 'contract'",
    )
    expect([unit!.state, JSON.parse(String(unit!.detail)).begun]).toEqual(['failed', true])
    expect(await leftoversIn(db)).toEqual([])
    files.remove('phasegate.config.ts')
    const again = await run(...contract)
    expect(again.code, said(again)).toBe(0)
    expect(await hasPhone(db)).toBe(true)
  })

  test('the cut-over waits for its gate with nobody beside it, and happens when that is open', async () => {
    const db = await usersOn(server, 2000)
    const files = phoneBy(tool, { 'phasegate.config.ts': HELD_UNTIL_OPEN })
    const run = verbsOn(files, db)
    const held = await run('expand', '--long', '--json')
    expect(held.code, said(held)).toBe(3)
    expect(held.json<LaneJson>().units).toMatchObject([
      { outcome: 'held', reason: expect.stringContaining('it is day') },
    ])
    expect(await hasPhone(db)).toBe(false)
    await db.query("INSERT INTO users (email, n) VALUES ('while it was held', 7)")
    expect((await run('status', '--json')).stdout).toContain('"prepared"')
    files.write('open', '')
    const applied = await run('expand', '--long')
    expect(applied.code, said(applied)).toBe(0)
    expect(await db.query("SELECT n, phone FROM users WHERE email = 'while it was held'")).toEqual([
      { n: 7, phone: null },
    ])
    expect(await leftoversIn(db)).toEqual([])
  })

  test('a worker only looks at a gate that holds a cut-over, and swaps when it is open', async () => {
    const db = await usersOn(server, 2000)
    const files = phoneBy(tool, { 'phasegate.config.ts': HELD_UNTIL_OPEN })
    expect((await verbsOn(files, db)('expand')).code).toBe(4)
    const daemon = startDaemon(files, db)
    await daemon.heard('unit.changed', ({ state }) => state === 'prepared', 60_000)
    await daemon.heard('worker.idle', ({ message }) => message.includes('it is day'))
    const evidence = async (): Promise<number> =>
      Number((await db.query('SELECT COUNT(*) AS c FROM phasegate_evidence'))[0]!.c)
    const before = await evidence()
    await sleep(2000)
    expect(await evidence()).toBe(before)
    files.write('open', '')
    await daemon.heard('unit.changed', ({ state }) => state === 'applied', 60_000)
    await daemon.stop()
    expect(await hasPhone(db)).toBe(true)
    expect(await leftoversIn(db)).toEqual([])
  })

  if (tool === 'gh-ost')
    test('where a tool that holds its cut-over is gone, a worker has the table copied anew', async () => {
      const db = await usersOn(server, 2000)
      const files = phoneBy(tool, { 'phasegate.config.ts': HELD_UNTIL_OPEN })
      const first = await verbsOn(files, db)('expand', '--long')
      expect(first.code, said(first)).toBe(3)
      const [, before] = (await runsOf(db))[0] as [string, { process: { pid: number } }]
      process.kill(before.process.pid, 'SIGKILL')
      await db.query("INSERT INTO users (email, n) VALUES ('while nobody was there', 7)")
      const daemon = startDaemon(files, db)
      await daemon.heard('engine.removed', () => true, 60_000)
      await daemon.heard('unit.changed', ({ state }) => state === 'prepared', 60_000)
      expect(await hasPhone(db)).toBe(false)
      files.write('open', '')
      await daemon.heard('unit.changed', ({ state }) => state === 'applied', 60_000)
      await daemon.stop()
      expect(await db.query("SELECT n, phone FROM users WHERE email = 'while nobody was there'")).toEqual([
        { n: 7, phone: null },
      ])
      expect(await leftoversIn(db)).toEqual([])
    })

  test('revert ends a tool at work and takes away what it left', async () => {
    const db = await usersOn(server)
    const files = slowly(tool)
    const first = await killedWhileCopying(files, db)
    const reverted = await verbsOn(files, db)('revert', NAME, '--confirm', db.name)
    expect(reverted.code, said(reverted)).toBe(0)
    expect(await leftoversIn(db)).toEqual([])
    expect(await hasPhone(db)).toBe(false)
    expect(isRunning(toolOf(first))).toBe(false)
  })

  test('no password is in an argument or environment of another process, in a log or in the journal', async () => {
    const db = await usersOn(server)
    const account = `u${db.name.slice(-8)}`
    const secret = 'Sehr=geheim, #1 "x"'
    await db.query(`CREATE USER ${account}@'%' IDENTIFIED BY '${secret}'`)
    await db.query(`GRANT ALL ON *.* TO ${account}@'%'`)
    try {
      const url = new URL(db.url)
      url.username = account
      url.password = encodeURIComponent(secret)
      const cli = expandLong(slowly(tool), { url: url.href }, '-v')
      await cli.waitFor(/"state":"copying"/, 60_000)
      expect(readOrNothing(`/proc/${toolOf(cli)}/cmdline`)).toContain('users')
      const seen = readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name) && Number(name) !== cli.pid)
        .flatMap((name) => ['cmdline', 'environ'].map((file) => readOrNothing(`/proc/${name}/${file}`)))
      expect(seen.filter((text) => text.includes('Sehr'))).toEqual([])
      const ended = await cli.ended
      expect(ended.code, said(ended)).toBe(0)
      expect(said(ended)).not.toContain('Sehr')
      for (const table of ['step', 'event', 'unit'])
        expect(JSON.stringify(await db.query(`SELECT * FROM phasegate_${table}`))).not.toContain('Sehr')
    } finally {
      await db.query(`DROP USER ${account}@'%'`)
    }
  })

  test('doctor shows a run that nobody supervises, repair ends it', async () => {
    const db = await usersOn(server)
    const files = slowly(tool)
    const run = verbsOn(files, db)
    const first = await killedWhileCopying(files, db)
    const seen = await run('doctor')
    expect(seen.stdout).toMatch(new RegExp(`${tool} on \\S+users for ${NAME}:expand.*Nobody supervises it`, 's'))
    const shown = await run('repair', 'phone:expand')
    expect(shown.stdout).toContain(`is ${tool}'s`)
    expect((await run('repair', 'phone:expand', '--happened', '--reason', 'no')).stderr).toContain('REPAIR.ENGINE')
    const repaired = await run('repair', 'phone:expand', '--again', '--reason', 'it is in the way')
    expect(repaired.code, said(repaired)).toBe(0)
    expect(isRunning(toolOf(first))).toBe(false)
    expect(await leftoversIn(db)).toEqual([])
    expect(await runsOf(db)).toEqual([[tool, null]])
  })

  test('a table that an engine works on is closed to another migration', async () => {
    const db = await usersOn(server)
    const early = '-- app-uses: old\n-- phase: expand\nALTER TABLE users ADD COLUMN early int;\n'
    const files = slowly(tool)
    const first = expandLong(files, db)
    await first.waitFor(/"state":"copying"/, 60_000)
    files.write('phasegate/20260101000000_early.sql', early)
    const other = await verbsOn(files, db)('expand', 'early', '--json')
    expect(other.code, said(other)).toBe(3)
    expect(other.json<LaneJson>().units).toMatchObject([{ outcome: 'held', reason: expect.stringContaining('closed') }])
    expect((await first.ended).code).toBe(0)
    const after = await verbsOn(files, db)('expand')
    expect(after.code, said(after)).toBe(0)
  })

  if (tool === 'pt-osc')
    test('a copy that was completed while nobody was beside it is swapped in, not made anew', async () => {
      const db = await usersOn(server)
      const files = slowly(tool)
      const first = await killedWhileCopying(files, db)
      for (const until = Date.now() + 50_000; isRunning(toolOf(first)) && Date.now() < until; ) await sleep(200)
      expect(isRunning(toolOf(first))).toBe(false)
      await db.query("INSERT INTO users (email, n) VALUES ('behind it', 7)")
      const second = await verbsOn(files, db)('expand', '--long', '--json')
      expect(second.code, said(second)).toBe(0)
      expect(second.stderr).not.toContain('engine.started')
      expect(await db.query("SELECT n, phone FROM users WHERE email = 'behind it'")).toEqual([{ n: 7, phone: null }])
      expect(await leftoversIn(db)).toEqual([])
    })
}
