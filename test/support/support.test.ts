import { spawn } from 'node:child_process'
import { chownSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, describe, expect, inject, test, vi } from 'vitest'
import { dockerEngine, LABEL } from './docker.mjs'
import { startTraffic } from './live-traffic.js'
import { connectMysql } from './mysql-connection.js'
import { isAlive } from './process-tree.mjs'
import { createProject } from './project.js'
import { runCli, startCli } from './run-cli.js'
import { createRandom } from './seed.js'
import { serverAccount } from './server-account.js'
import {
  createDatabase,
  describeOnEveryMysql,
  describeOnEveryPostgres,
  describeOnMysql,
  describeOnPostgres,
  describeWithPgBouncer,
  startPgBouncer,
  startPrivateServer,
} from './servers.js'

describeOnEveryPostgres('a database for a test', (server) => {
  test('is on the version that the suite was written for', async () => {
    const db = await createDatabase(server)
    const [row] = await db.query<{ server_version_num: string }>('SHOW server_version_num')
    expect(Math.floor(Number(row?.server_version_num) / 10_000)).toBe(server.major)
  })

  test('is empty, whatever another test left', async () => {
    const first = await createDatabase(server)
    await first.query('CREATE TABLE users (id int)')
    const second = await createDatabase(server)
    expect(await second.query("SELECT FROM pg_tables WHERE schemaname = 'public'")).toHaveLength(0)
  })

  test('is a copy of its template, which is filled once', async () => {
    const template = { name: 'numbers', sql: 'CREATE TABLE n AS SELECT i FROM generate_series(1, 100) i' }
    const copies = await Promise.all([createDatabase(server, template), createDatabase(server, template)])
    for (const copy of copies) expect(await copy.query('SELECT FROM n')).toHaveLength(100)
    await copies[0].query('DELETE FROM n')
    expect(await copies[1].query('SELECT FROM n')).toHaveLength(100)
  })

  test('is dropped under whoever is still connected', async () => {
    const db = await createDatabase(server)
    const stranger = new pg.Client({ connectionString: db.url, application_name: 'stranger' })
    const lost = vi.fn()
    stranger.on('error', lost)
    await stranger.connect()
    await db.drop()
    await expect.poll(() => lost.mock.calls.length).toBeGreaterThan(0)
    const other = await createDatabase(server)
    expect(await other.query('SELECT FROM pg_database WHERE datname = $1', [db.name])).toHaveLength(0)
  })

  test('tells of a session of ours that was left open', async () => {
    const db = await createDatabase(server)
    const leaked = new pg.Client({ connectionString: db.url, application_name: 'phasegate expand' })
    await leaked.connect()
    await leaked.query('SELECT 42')
    await expect(db.assertNoSessions()).rejects.toThrow(/1 session\(s\) left open:\n.*phasegate expand.*SELECT 42/)
    await leaked.end()
    await db.assertNoSessions()
  })
})

describeOnPostgres(18, 'a test that leaks', (server) => {
  let leaked: pg.Client | undefined
  afterEach(() => leaked?.end())

  test.fails('fails', async ({ onTestFinished }) => {
    const db = await createDatabase(server)
    const client = new pg.Client({ connectionString: db.url, application_name: 'phasegate leak' })
    client.on('error', () => {})
    await client.connect()
    onTestFinished(() => {
      leaked = client
    })
  })
})

describeOnEveryPostgres('a private server', (server) => {
  test('keeps what was committed through SIGKILL, and comes back on the same URL', async () => {
    const own = await startPrivateServer({ version: server.major, fsync: true })
    const db = await createDatabase(own)
    await db.query('CREATE TABLE t (id int)')
    await db.query('INSERT INTO t VALUES (1)')
    const busy = new pg.Client({ connectionString: db.url })
    busy.on('error', () => {})
    await busy.connect()
    const [pids] = (await busy.query('SELECT pg_backend_pid() AS pid')).rows
    const endless = expect(busy.query('SELECT count(*) FROM generate_series(1, 1e12)')).rejects.toThrow()
    await sleep(100)

    await own.kill()
    expect(isAlive(pids.pid)).toBe(false)
    await endless
    await expect(db.query('SELECT 1')).rejects.toThrow(/ECONNREFUSED/)

    await own.restart()
    expect(await db.query('SELECT id FROM t')).toEqual([{ id: 1 }])
    expect(own.log()).toMatch(/was not properly shut down; automatic recovery in progress/)
  })

  test('runs as carefully as production when asked to', async () => {
    const own = await startPrivateServer({ version: server.major, fsync: true, settings: { max_connections: '11' } })
    const db = await createDatabase(own)
    expect(await db.query("SELECT current_setting('fsync') AS f, current_setting('max_connections') AS m")).toEqual([
      { f: 'on', m: '11' },
    ])
  })

  test('becomes a standby that refuses to write', async () => {
    const own = await startPrivateServer({ version: server.major })
    const client = new pg.Client({ connectionString: own.url() })
    await own.becomeStandby()
    await client.connect()
    expect((await client.query('SELECT pg_is_in_recovery() AS standby')).rows).toEqual([{ standby: true }])
    await expect(client.query('CREATE TABLE t (id int)')).rejects.toThrow(/read-only/)
    await client.end()
  })
})

describeOnEveryMysql('a database for a test', (server) => {
  test('is on the server that the suite was written for', async () => {
    const db = await createDatabase(server)
    const [row] = await db.query('SELECT VERSION() AS version, @@log_bin AS binlog, @@sql_mode AS mode')
    expect(row?.version.includes('MariaDB')).toBe(server.family === 'mariadb')
    expect(row).toMatchObject({ binlog: 1, mode: expect.stringContaining('STRICT_TRANS_TABLES') })
    expect(row?.version).toContain(server.version)
    expect(db.url).toMatch(new RegExp(`^${server.family}://.*/${db.name}$`))
  })

  test('holds what its template says, and gives values that nothing was lost of', async () => {
    const sql = `CREATE TABLE n (id bigint unsigned PRIMARY KEY, at datetime(6));
      INSERT INTO n VALUES (18446744073709551615, '2026-01-01 00:00:00.123456'), (7, NULL)`
    const db = await createDatabase(server, { name: 'numbers', sql })
    expect(await db.query('SELECT id, at FROM n WHERE id > ? ORDER BY id', [1])).toEqual([
      { id: 7, at: null },
      { id: '18446744073709551615', at: '2026-01-01 00:00:00.123456' },
    ])
    expect(await db.query('SELECT 1 AS one; SELECT 2 AS two')).toEqual([{ two: 2 }])
    expect(await db.query('DELETE FROM n')).toEqual([])
    const other = await createDatabase(server)
    expect(await other.query('SHOW TABLES')).toEqual([])
  })

  test('is dropped under whoever is still connected, and tells of who is', async () => {
    const db = await createDatabase(server)
    const own = await db.open()
    await own.query('CREATE TABLE t (id int); START TRANSACTION; SELECT * FROM t')
    await db.assertNoSessions()
    const stranger = await connectMysql(db.url)
    await stranger.query('START TRANSACTION; SELECT * FROM t')
    await expect(db.assertNoSessions()).rejects.toThrow(/1 session\(s\) left open:\n.*admin@/)
    await expect(db.drop()).rejects.toThrow(/left open/)
    await expect(stranger.query('SELECT 1')).rejects.toThrow()
    const other = await createDatabase(server)
    expect(await other.query('SHOW DATABASES LIKE ?', [db.name])).toEqual([])
  })
})

describeOnMysql('mariadb', 'a private server', ({ family }) => {
  // At its start a server deletes every '#sql…' of its tmpdir, open temporary tables of another server with it.
  test('starts without deleting the temporary tables of another one', async () => {
    const theirs = join(tmpdir(), `#sql-temptable-of-another-${process.pid}.MAI`)
    writeFileSync(theirs, '')
    const { uid, gid } = serverAccount()
    if (uid !== undefined && gid !== undefined) chownSync(theirs, uid, gid)
    try {
      const own = await startPrivateServer({ family })
      expect(existsSync(theirs)).toBe(true)
      const [row] = await (await createDatabase(own)).query('SELECT @@tmpdir AS tmpdir')
      expect(row?.tmpdir).not.toBe(tmpdir())
    } finally {
      rmSync(theirs, { force: true })
    }
  })
})

describeOnEveryMysql('a private server', ({ family }) => {
  test('keeps what was committed through SIGKILL, and comes back on the same URL', async () => {
    const own = await startPrivateServer({ family, fsync: true, settings: { 'max-connections': '44' } })
    const db = await createDatabase(own)
    await db.query('CREATE TABLE t (id int); INSERT INTO t VALUES (1)')
    const busy = await db.connect()
    const endless = expect(busy.query('SELECT SLEEP(600)')).rejects.toThrow()
    await sleep(100)

    await own.kill()
    await endless
    await expect(db.query('SELECT 1')).rejects.toThrow(/ECONNREFUSED/)

    await own.restart()
    expect(await db.query('SELECT id, @@max_connections AS m, @@sync_binlog AS s FROM t')).toEqual([
      { id: 1, m: 44, s: 1 },
    ])
    expect(await own.log()).toMatch(/crash recovery/i)
  })
})

describeOnPostgres(18, 'servers of a process that died', () => {
  test('are stopped and their folders deleted', async () => {
    const before = new Set(folders())
    const owner = spawn(process.execPath, ['--input-type=module', '-e', OWNER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [pid, dir] = String(await new Promise((resolve) => owner.stdout.once('data', resolve))).split(' ')
    expect(isAlive(Number(pid))).toBe(true)
    owner.kill('SIGKILL')
    await expect.poll(() => isAlive(Number(pid)), { timeout: 10_000 }).toBe(false)
    await expect.poll(() => existsSync(dir!.trim()), { timeout: 10_000 }).toBe(false)
    expect(folders().filter((name) => !before.has(name) && name.includes('kept'))).toEqual([])
  })

  const OWNER = `
    import { spawn } from 'node:child_process'
    import { mkdtempSync, writeFileSync } from 'node:fs'
    import { tmpdir } from 'node:os'
    import { join } from 'node:path'
    const dir = mkdtempSync(join(tmpdir(), 'phasegate-kept-'))
    const server = spawn('sleep', ['600'], { detached: true, argv0: 'sleep ' + dir, stdio: 'ignore' })
    writeFileSync(join(dir, 'pid'), String(server.pid))
    const keeper = spawn(process.execPath, [${JSON.stringify(fileURLToPath(new URL('./server-keeper.mjs', import.meta.url)))}], {
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    keeper.stdin.write(JSON.stringify({ pidFile: join(dir, 'pid'), dir, signal: 'SIGINT' }) + '\\n', () => {
      console.log(server.pid + ' ' + dir)
    })
  `
})

describeOnMysql('mysql', 'containers of a process that died', () => {
  // On a machine with a server of its own there is none.
  const { source = '' } = inject('servers').mysql ?? {}

  test.skipIf(!source.includes(':'))('are removed', async () => {
    const label = `owner-${process.pid}`
    const owner = spawn(process.execPath, ['--input-type=module', '-e', ownerOf(label, source)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise((resolve) => owner.stdout.once('data', resolve))
    expect(await containersOf(label)).toBe(1)
    owner.kill('SIGKILL')
    await expect.poll(() => containersOf(label), { timeout: 30_000 }).toBe(0)
  })

  async function containersOf(label: string): Promise<number> {
    const engine = await dockerEngine()
    const filters = { label: [`${LABEL}=${label}`] }
    return (await engine!.container.dockerode.listContainers({ all: true, filters })).length
  }

  const support = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href)
  const ownerOf = (label: string, image: string): string => `
    import { dockerEngine, LABEL } from ${support('./docker.mjs')}
    import { keepServer } from ${support('./keep-server.mjs')}
    keepServer({ label: '${label}' })
    const { container } = await dockerEngine()
    const created = await container.dockerode.createContainer({
      Image: '${image}', Entrypoint: ['sleep', '600'], Labels: { [LABEL]: '${label}' },
    })
    await created.start()
    console.log('started')
    setInterval(() => {}, 1000)
  `
})

describeWithPgBouncer('a pooler', (server) => {
  test('in transaction mode gives each transaction any session', async () => {
    const db = await createDatabase(server)
    const pooled = await startPgBouncer(db.url, 'transaction', 1)
    const [one, two] = [new pg.Client(pooled.url), new pg.Client(pooled.url)]
    await Promise.all([one.connect(), two.connect()])
    const pids = [await backend(one), await backend(two)]
    expect(pids[0]).toBe(pids[1])
    await Promise.all([one.end(), two.end()])
  })

  test('in session mode gives each client its own', async () => {
    const db = await createDatabase(server)
    const pooled = await startPgBouncer(db.url, 'session', 2)
    const [one, two] = [new pg.Client(pooled.url), new pg.Client(pooled.url)]
    await Promise.all([one.connect(), two.connect()])
    const pids = [await backend(one), await backend(two)]
    expect(pids[0]).not.toBe(pids[1])
    await Promise.all([one.end(), two.end()])
  })

  async function backend(client: pg.Client): Promise<number> {
    return (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]!.pid
  }
})

describeOnPostgres(18, 'live traffic', (server) => {
  test('tells how long its longest query waited, also while that still waits', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 0)')
    const traffic = await startTraffic({
      db,
      read: (client) => client.query('SELECT n FROM t'),
      write: (client) => client.query('UPDATE t SET n = n + 1 WHERE id = 1'),
    })
    await expect.poll(() => traffic.report().reads.count).toBeGreaterThan(5)
    const blocker = await db.connect()
    await blocker.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE')
    await sleep(300)
    expect(traffic.report().reads.max).toBeGreaterThan(250)
    await blocker.query('COMMIT')
    const { reads, writes } = await traffic.stop()
    expect(reads.max).toBeGreaterThan(250)
    expect([...reads.errors, ...writes.errors]).toEqual([])
    const [row] = await db.query<{ n: number }>('SELECT n FROM t')
    // Each of the two writers did its first round before the measuring began.
    expect(row?.n).toBe(writes.count + 2)
  })

  test('reports what failed', async () => {
    const db = await createDatabase(server)
    const traffic = await startTraffic({
      db,
      read: (client) => client.query('SELECT 1'),
      write: (client) => client.query('UPDATE missing SET n = 1'),
    })
    await expect.poll(() => traffic.report().writes.errors.length).toBeGreaterThan(0)
    const { reads, writes } = await traffic.stop()
    expect(writes.errors[0]?.message).toMatch(/missing/)
    expect(reads.errors).toEqual([])
  })
})

describe('a command line', () => {
  const print = `
    console.log(JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd(), env: process.env }))
    console.error('noise'); process.exitCode = 3
  `

  test('runs in the project with a bare environment', async () => {
    vi.stubEnv('PHASEGATE_LOCK_TIMEOUT', '1')
    const project = createProject({ 'print.mjs': print })
    const result = await runCli(project, ['a b'], { bin: join(project.dir, 'print.mjs'), env: { DATABASE_URL: 'x' } })
    vi.unstubAllEnvs()
    const seen = result.json<{ args: string[]; cwd: string; env: Record<string, string> }>()
    expect(result).toMatchObject({ code: 3, stderr: 'noise\n', timedOut: false })
    expect(seen).toMatchObject({ args: ['a b'], cwd: project.dir, env: { DATABASE_URL: 'x' } })
    expect(Object.keys(seen.env).filter((name) => /PHASEGATE|VITEST|^CI$/.test(name))).toEqual([])
  })

  test('is killed when it takes too long, or on request', async () => {
    const project = createProject({ 'hang.mjs': "console.log('ready'); setInterval(() => {}, 1000)" })
    const bin = join(project.dir, 'hang.mjs')
    expect(await runCli(project, [], { bin, timeout: 500 })).toMatchObject({ signal: 'SIGKILL', timedOut: true })
    const hanging = startCli(project, [], { bin })
    await hanging.waitFor(/ready/)
    hanging.kill()
    expect(await hanging.ended).toMatchObject({ code: null, signal: 'SIGKILL', timedOut: false })
    await expect(hanging.waitFor(/never/)).rejects.toThrow(/ended without \/never\//)
  })

  test('that prints something else than JSON shows both outputs', async () => {
    const project = createProject({ 'text.mjs': "console.log('hello'); console.error('why')" })
    const result = await runCli(project, [], { bin: join(project.dir, 'text.mjs') })
    expect(() => result.json()).toThrow(/hello[\s\S]*why/)
  })
})

describe('a project', () => {
  test('finds phasegate by its name', async () => {
    const project = createProject({
      'find.mjs': "import { defineMigration } from 'phasegate'; console.log(typeof defineMigration)",
    })
    const found = await runCli(project, [], { bin: join(project.dir, 'find.mjs') })
    expect(found).toMatchObject({ code: 0, stdout: 'function\n' })
  })

  test('is deleted on request with everything in it', () => {
    const project = createProject({ 'a/b/c.txt': 'x' })
    expect(existsSync(join(project.dir, 'a/b/c.txt'))).toBe(true)
    project.delete()
    expect(existsSync(project.dir)).toBe(false)
    expect(existsSync(fileURLToPath(new URL('../../packages/phasegate/package.json', import.meta.url)))).toBe(true)
  })
})

describe('chance', () => {
  afterEach(() => vi.unstubAllEnvs())

  test('is replayed by its seed', () => {
    const first = createRandom('replay')
    const numbers = Array.from({ length: 5 }, () => first.int(1, 1_000_000))
    vi.stubEnv('PHASEGATE_SEED', String(first.seed))
    const second = createRandom('replay')
    expect(Array.from({ length: 5 }, () => second.int(1, 1_000_000))).toEqual(numbers)
    expect(createRandom('other').int(1, 1_000_000)).not.toBe(numbers[0])
  })

  test('reaches both ends and loses nothing', () => {
    vi.stubEnv('PHASEGATE_SEED', '7')
    const random = createRandom('ends')
    expect(new Set(Array.from({ length: 200 }, () => random.int(1, 3)))).toEqual(new Set([1, 2, 3]))
    expect(random.shuffle([1, 2, 3, 4, 5]).sort()).toEqual([1, 2, 3, 4, 5])
  })

  test('refuses a seed that is no number', () => {
    vi.stubEnv('PHASEGATE_SEED', 'abc')
    expect(() => createRandom('bad')).toThrow(/PHASEGATE_SEED/)
  })
})

function folders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('phasegate-'))
}
