import { expect, test } from 'vitest'
import { said, verbsOn } from '../conformance/verbs.js'
import { createProject } from '../support/project.js'
import { runCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres, startPrivateServer } from '../support/servers.js'
import { countOf } from '../support/sql-words.js'
import { type Daemon, startDaemon } from './daemon.js'

const FILL = `import { defineMigration, sql } from 'phasegate'
  export default defineMigration({ appUses: 'new',
    expand: ({ schema }) => [schema.alterTable('items', (t) => t.integer('b'))],
    backfill: { table: 'items', set: { b: sql\`id * 2\` }, where: sql\`b IS NULL\` } })`
const FILE = 'phasegate/20261122093000_fill.ts'

/** Waits until the endpoint says so. */
async function becomes(daemon: Daemon, path: string, status: number, state: string): Promise<void> {
  await expect
    .poll(async () => (await daemon.health(path)).status, { timeout: 30_000, message: `${path} ${status}` })
    .toBe(status)
  expect((await daemon.health(path)).body).toMatchObject({ state })
}

describeOnPostgres(18, 'the health of a worker', (server) => {
  test('outlives a database that is away, at the start and later, and is ready when it is back', async () => {
    const own = await startPrivateServer({ fsync: false })
    const db = { url: own.url('postgres') }
    const project = createProject({ [FILE]: FILL })
    await own.stop()
    const daemon = startDaemon(project, db)
    await daemon.heard('worker.failed', (line) => line.code === 'DATABASE.UNREACHABLE')
    await becomes(daemon, '/health/ready', 503, 'starting')
    expect((await daemon.health('/health/live')).status).toBe(200)
    await own.restart()
    await becomes(daemon, '/health/ready', 200, 'idle')
    await own.stop()
    await becomes(daemon, '/health/ready', 503, 'unreachable')
    const { status, body } = await daemon.health('/health/live')
    expect({ status, body }).toMatchObject({ status: 200, body: { lastError: { code: 'DATABASE.UNREACHABLE' } } })
    await own.restart()
    await becomes(daemon, '/health/ready', 200, 'idle')
    expect((await daemon.health('/')).status).toBe(404)
    await daemon.stop()
    expect(daemon.log().filter((line) => line.type === 'worker.connected')).toHaveLength(2)
  })

  test('says so when it hangs: nothing has happened for longer than --stale-after', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE items (id int PRIMARY KEY)')
    const project = createProject({
      [FILE]: FILL,
      'phasegate.config.ts': `import { defineConfig } from 'phasegate'
        const hangs = { name: 'hangs', cost: 0, check: () => new Promise(() => setInterval(() => {}, 1000)) }
        export default defineConfig({ gates: { backfill: [hangs] } })`,
    })
    const expanded = await verbsOn(project, db)('expand')
    expect(expanded.code, said(expanded)).toBe(0)
    const daemon = startDaemon(project, db, ['--stale-after', '1s'])
    await daemon.heard('worker.connected')
    await becomes(daemon, '/health/live', 503, 'idle')
    expect((await daemon.health('/health/live')).body.turnedMs).toBeGreaterThan(1000)
    daemon.kill('SIGKILL')
    await daemon.ended
  })

  test('stays live while it has nothing to do and while a backfill waits', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE items (id int PRIMARY KEY); INSERT INTO items SELECT generate_series(1, 100)')
    const project = createProject({ [FILE]: FILL })
    const run = verbsOn(project, db)
    const daemon = startDaemon(project, db, ['--stale-after', '1s'])
    await daemon.heard('worker.idle')
    const seen: number[] = []
    const until = Date.now() + 2500
    while (Date.now() < until) seen.push((await daemon.health('/health/live')).status)
    expect(new Set(seen)).toEqual(new Set([200]))
    expect((await run('expand')).code).toBe(0)
    await daemon.heard('unit.changed', (line) => line.state === 'applied')
    expect(await countOf(db, 'items WHERE b = id * 2')).toBe(100)
    await daemon.stop()
  })

  test('what trying again never helps with ends it with 2, before the first look and never later', async () => {
    const db = await createDatabase(server)
    const env = { env: { DATABASE_URL: db.url } }
    const wrong = createProject({ [FILE]: FILL.replace('id * 2', 'id *') })
    expect(await runCli(wrong, ['worker'], env)).toMatchObject({ code: 2 })
    const right = createProject({ [FILE]: FILL })
    const password = { env: { DATABASE_URL: db.url.replace(/:[^:@/]+@/, ':not-the-password@') } }
    const refused = await runCli(right, ['worker'], password)
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('DATABASE.AUTHENTICATION')
    expect(refused.stdout + refused.stderr).not.toContain('not-the-password')
    const first = startDaemon(right, db)
    const port = new URL(String((await first.heard('worker.started')).health)).port
    const second = await runCli(right, ['worker', '--health-port', port], env)
    expect(second.code).toBe(2)
    expect(second.stderr).toContain('WORKER.HEALTH_PORT')
    await first.stop()
  })
})
