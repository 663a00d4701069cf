import { request } from 'node:http'
import { expect, test } from 'vitest'
import { said, verbsOn } from '../conformance/verbs.js'
import { createProject } from '../support/project.js'
import { createDatabase, describeOnEveryServer, describeOnPostgres, startPrivateServer } from '../support/servers.js'
import { type Served, startServe } from './start-serve.js'

const NAME = '20261122093000_fill'
const FILES = {
  [`phasegate/${NAME}.ts`]: `import { approval, defineMigration, sql } from 'phasegate'
  export default defineMigration({ appUses: 'new',
    expand: ({ schema }) => [schema.alterTable('items', (t) => t.integer('b'))],
    backfill: { table: 'items', set: { b: sql\`id * 2\` }, where: sql\`b IS NULL\` },
    contract: ({ schema }) => [schema.alterTable('items', (t) => t.dropColumn('a'))],
    gates: { contract: [approval()] } })`,
}
const SECRET = 'correct-horse-battery-staple'
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })

async function becomes(served: Served, path: string, status: number): Promise<void> {
  await expect.poll(async () => (await served.get(path)).status, { timeout: 20_000, message: path }).toBe(status)
}

describeOnEveryServer('serve', (server) => {
  test('answers for status, units, gates and metrics as they are, and takes decisions from whoever has a token', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE items (id int PRIMARY KEY, a int); INSERT INTO items (id, a) VALUES (1, 1), (2, 2)')
    const project = createProject(FILES)
    const run = verbsOn(project, db)
    const served = await startServe(project, db, { env: { PHASEGATE_SERVE_TOKEN: SECRET } })
    await becomes(served, '/health/ready', 200)
    expect((await served.get('/health/live')).status).toBe(200)

    expect((await served.get('/migrations/status')).json()).toMatchObject({
      verdict: 'compatible',
      counts: { expand: 1, backfill: 1, contract: 1 },
    })
    expect((await served.get(`/migrations/unit/${NAME}/expand`)).status).toBe(503)
    const applied = await run('expand')
    expect(applied.code, said(applied)).toBe(0)
    expect((await run('backfill')).code).toBe(0)
    await becomes(served, `/migrations/unit/${NAME}/backfill`, 200)

    const gate = await served.get(`/migrations/gate/${NAME}/contract`)
    expect([gate.status, gate.json().state]).toEqual([503, 'closed'])
    expect(gate.text).toContain('approval')
    const approve = `/migrations/unit/${NAME}/contract/approve`
    expect((await served.post(approve, { reason: 'looked' }, bearer('wrong-horse-battery-staple'))).status).toBe(401)
    expect((await served.post(approve, { reason: ' ' }, bearer(SECRET))).json()).toMatchObject({
      error: { code: 'APPROVAL.NO_REASON' },
    })
    // Whom the gates do not ask about nobody can vouch for.
    expect((await served.post(approve, { reason: 'looked', application: 'api' }, bearer(SECRET))).json()).toMatchObject(
      {
        error: { code: 'APPROVAL.CLIENT' },
      },
    )
    const approved = await served.post(approve, { reason: 'looked', by: 'ann' }, bearer(SECRET))
    expect([approved.status, approved.json()]).toMatchObject([200, { ok: true, by: 'ann', unit: `${NAME}:contract` }])
    await becomes(served, `/migrations/gate/${NAME}/contract`, 200)
    const status = (await served.get('/migrations/status')).json() as {
      gates: Record<string, { approvals: unknown[] }>
    }
    expect(status.gates[`${NAME}:contract`]?.approvals).toMatchObject([{ by: 'ann', through: { token: 'token' } }])

    expect((await served.post('/migrations/pause', { reason: 'sale' }, bearer(SECRET))).json()).toMatchObject({
      ok: true,
      state: 'held',
    })
    await expect
      .poll(async () => (await served.get('/migrations/metrics')).text, { timeout: 20_000 })
      .toMatch(/^phasegate_held 1$/m)
    expect((await served.get('/migrations/metrics')).text).toMatch(
      /^phasegate_units\{phase="backfill",state="applied"\} 1$/m,
    )
    expect((await served.post('/migrations/resume', {}, bearer(SECRET))).status).toBe(200)
    await served.stop()
    expect(served.output()).not.toContain(SECRET)
    expect(served.output()).toContain('approve by ann through token token')
  })
})

describeOnPostgres(18, 'serve', (server) => {
  test('is read-only without tokens, and answers nothing that it should not', async () => {
    const db = await createDatabase(server)
    const served = await startServe(createProject(FILES), db)
    await becomes(served, '/health/ready', 200)
    expect((await served.post('/migrations/pause', {}, bearer(SECRET))).status).toBe(403)
    expect((await served.get('/migrations/pause')).status).toBe(405)
    expect((await served.get('/')).status).toBe(404)
    expect((await served.get('/migrations/gate/nothing/contract')).status).toBe(404)
    expect((await served.get(`/migrations/gate/${NAME}/shrink`)).status).toBe(404)
    expect((await served.get('/migrations/gate/%E0%A4%A/contract')).status).toBe(400)
    expect((await served.post('/migrations/status')).status).toBe(405)
    expect(await statusFor(served.url, { host: 'evil.example:80' })).toBe(421)
    expect(await statusFor(served.url, { host: 'LOCALHOST:1' })).toBe(200)
    await served.stop()
  })

  test('takes no body but a small one of JSON of the right shape', async () => {
    const db = await createDatabase(server)
    const project = createProject({ ...FILES, tokens: `# who may\nann  ${SECRET}\nbob\t${SECRET}2\n` })
    const served = await startServe(project, db, { args: ['--token-file', 'tokens'] })
    const pause = (body: object | string, headers = {}) =>
      served.post('/migrations/pause', body, { ...bearer(SECRET), ...headers })
    expect((await pause('{')).status).toBe(400)
    expect((await pause({ reason: 1 })).status).toBe(400)
    expect((await pause({ database: 'postgres://elsewhere' })).status).toBe(400)
    expect((await pause({ reason: 'x'.repeat(20_000) })).status).toBe(413)
    expect((await pause({}, { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await served.post('/migrations/pause', 'x'.repeat(1e6))).status).toBe(401)
    expect((await pause({})).json()).toMatchObject({ error: { code: 'JOURNAL.MISSING' } })
    await served.stop()
  })

  test('outlives a database that is away, at the start and later', async () => {
    const own = await startPrivateServer({ fsync: false })
    await own.stop()
    const served = await startServe(createProject(FILES), { url: own.url('postgres') })
    expect((await served.get('/health/live')).status).toBe(200)
    await becomes(served, '/health/ready', 503)
    expect((await served.get(`/migrations/gate/${NAME}/expand`)).status).toBe(503)
    await own.restart()
    await becomes(served, '/health/ready', 200)
    await own.stop()
    await expect
      .poll(async () => (await served.get('/migrations/status')).json().journal, { timeout: 20_000 })
      .toMatchObject({ stale: true })
    expect((await served.get('/migrations/metrics')).text).toMatch(/^phasegate_journal_up 0$/m)
    await own.restart()
    await expect
      .poll(async () => (await served.get('/migrations/metrics')).text, { timeout: 20_000 })
      .toMatch(/^phasegate_journal_up 1$/m)
    await served.stop()
  })
})

function statusFor(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${url}/health/live`, { headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .once('error', reject)
      .end()
  })
}
