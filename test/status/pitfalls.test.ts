import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createStatus, type Database, type Status, type StatusOptions } from '@phasegate/status'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createDatabase, describeOnPostgres, type TestDatabase } from '../support/servers.js'
import { EMAIL, manifestThatUses, recordUnits, WITH_JOURNAL } from './journal-rows.js'

const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
/** ms that Kubernetes waits for the answer to a probe. */
const PROBE_TIMEOUT = 1000

interface Probe {
  readonly status: number
  readonly body: string
}

interface Pod {
  readonly status: Status
  /** Fails where it takes longer than a kubelet waits. */
  probe(path: 'live' | 'startup' | 'ready'): Promise<Probe>
}

/** What goes wrong with probes elsewhere, as a kubelet sees it; the rest of it is in http, follow and the tests of the verdict. */
describeOnPostgres(18, 'probes', (server) => {
  const poolOn = (url: string): pg.Pool => {
    const pool = new pg.Pool({ connectionString: url, max: 1 })
    pool.on('error', () => {})
    onTestFinished(() => pool.end())
    return pool
  }

  async function startPod(database: Database, options: Partial<StatusOptions> = {}): Promise<Pod> {
    const status = createStatus({
      database,
      manifest: manifestThatUses('both'),
      logger: QUIET,
      pollInterval: 200,
      timeout: 300,
      ...options,
    })
    const http = createServer((request, response) => void status.http.handle(request, response))
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    onTestFinished(async () => {
      await status.close()
      http.close()
    })
    const { port } = http.address() as AddressInfo
    return {
      status,
      probe: async (path) => {
        const response = await fetch(`http://127.0.0.1:${port}/health/${path}`, {
          signal: AbortSignal.timeout(PROBE_TIMEOUT),
        })
        return { status: response.status, body: await response.text() }
      },
    }
  }

  async function expanded(): Promise<TestDatabase> {
    const db = await createDatabase(server, WITH_JOURNAL)
    await recordUnits(db, { [`${EMAIL}:expand`]: 'applied' })
    return db
  }

  test('are answered at once while the application has every connection of the pool', async () => {
    const pool = poolOn((await expanded()).url)
    const pod = await startPod(pool)
    await pod.status.refresh()
    const taken = await pool.connect()
    await expect.poll(() => pod.status.migrationStatus().status, { timeout: 10_000 }).toBe('warn')
    expect(await pod.probe('ready')).toEqual({ status: 200, body: '{"status":"warn","verdict":"compatible"}' })
    expect((await pod.probe('live')).status).toBe(200)
    taken.release()
    await expect.poll(() => pod.status.migrationStatus().status, { timeout: 20_000 }).toBe('pass')
  })

  test('of a process that starts with no connection to be had say that it is not ready, and that it lives', async () => {
    const pool = poolOn((await expanded()).url)
    const taken = await pool.connect()
    const pod = await startPod(pool)
    expect((await pod.probe('live')).status).toBe(200)
    await expect.poll(async () => (await pod.probe('startup')).status, { timeout: 10_000 }).toBe(200)
    expect(await pod.probe('ready')).toEqual({ status: 503, body: '{"status":"fail","verdict":"unknown"}' })
    taken.release()
    await expect.poll(async () => (await pod.probe('ready')).status, { timeout: 20_000 }).toBe(200)
  })

  test('of liveness never reach the database: hung, refused or forbidden it makes no difference, and none is asked', async () => {
    const db = await expanded()
    const role = `of_${db.name.slice(-12)}`
    await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`)
    onTestFinished(() => db.query(`DROP ROLE ${role}`).then(() => {}))
    const url = new URL(db.url)
    Object.assign(url, { username: role, password: 'x' })
    const databases: Record<string, (sql: string) => Promise<unknown>> = {
      hung: () => new Promise(() => {}),
      refused: (sql) => poolOn('postgres://nobody@127.0.0.1:1/nothing').query(sql),
      forbidden: (sql) => poolOn(url.href).query(sql),
    }
    for (const [what, database] of Object.entries(databases)) {
      let asked = 0
      const pod = await startPod(
        (sql) => {
          asked++
          return database(sql)
        },
        { pollInterval: 600_000 },
      )
      await pod.status.refresh()
      const before = asked
      for (let n = 0; n < 20; n++)
        expect(await pod.probe('live'), what).toEqual({ status: 200, body: '{"status":"pass"}' })
      expect(asked, what).toBe(before)
      expect(pod.status.ready(), what).toBe(false)
    }
  })

  test('say nothing of schema, migrations or privileges, whatever the verdict', async () => {
    const db = await expanded()
    const pool = poolOn(db.url)
    const pod = await startPod(pool, { pollInterval: 600_000, timeout: 30_000 })
    const bodies: string[] = []
    const look = async (verdict: string): Promise<void> => {
      expect(await pod.status.refresh()).toMatchObject({ verdict })
      for (const path of ['live', 'startup', 'ready'] as const) bodies.push((await pod.probe(path)).body)
    }
    await recordUnits(db, { [`${EMAIL}:expand`]: 'pending' })
    await look('behind')
    await recordUnits(db, { [`${EMAIL}:expand`]: 'applied', [`${EMAIL}:contract`]: 'applied' })
    await look('incompatible')
    await recordUnits(db, { [`${EMAIL}:contract`]: 'pending', '20990101000000_secret_project:expand': 'applied' })
    await look('ahead')
    pod.status.drain()
    bodies.push((await pod.probe('ready')).body)
    const words = new Set(bodies.flatMap((body) => Object.values(JSON.parse(body)).map(String)))
    expect([...words].sort()).toEqual(['1', 'ahead', 'behind', 'fail', 'incompatible', 'pass', 'true'])
  })

  test('need no right to change anything: with what is granted to an application it is ready, and may make or change no table', async () => {
    const db = await expanded()
    const role = `of_${db.name.slice(-12)}`
    await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`)
    onTestFinished(async () => {
      await db.query(`DROP OWNED BY ${role}`)
      await db.query(`DROP ROLE ${role}`)
    })
    const url = new URL(db.url)
    Object.assign(url, { username: role, password: 'x' })
    const pool = poolOn(url.href)
    const pod = await startPod(pool)
    pod.status.register()
    await expect.poll(() => pod.status.migrationStatus().reason, { timeout: 20_000 }).toContain('GRANT INSERT')
    const { next = [] } = pod.status.migrationStatus().journal.error ?? {}
    for (const grant of next.filter((line) => line.startsWith('GRANT'))) await db.query(grant)
    await expect.poll(async () => (await pod.probe('ready')).status, { timeout: 20_000 }).toBe(200)
    for (const statement of [
      'CREATE TABLE phasegate.mine (id int)',
      'CREATE TABLE mine (id int)',
      'ALTER TABLE phasegate.unit ADD COLUMN mine int',
      "UPDATE phasegate.unit SET state = 'applied'",
      "INSERT INTO phasegate.approval (migration, phase, kind, actor, reason, fingerprint) VALUES ('m', 'contract', 'approval', '{}', 'me', 'f')",
      'DELETE FROM phasegate.evidence',
    ])
      await expect(pool.query(statement), statement).rejects.toMatchObject({ code: '42501' })
  })
})
