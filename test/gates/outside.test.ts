import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MIGRATION, on, usersProject, usersSql } from '../lanes/users-project.js'
import { runCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres } from '../support/servers.js'

describeOnPostgres(18, 'gates that ask services and programs', (server) => {
  let status = 503
  const service = createServer((request, response) =>
    response.writeHead(status).end(`${request.headers.authorization} has 3 old pods`),
  )
  let url = ''
  beforeAll(async () => {
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/ready`
  })
  afterAll(() => service.close())

  test('hold a contract until both say yes, and the journal keeps what they said without a secret', async () => {
    const project = usersProject({
      'phasegate.config.ts': `
import { approval, atLeast, command, defineConfig, http } from 'phasegate'
const hung = { name: 'hung', cost: 1, timeout: 300, check: () => new Promise<never>(() => {}) } as const
export default defineConfig({
  gates: {
    contract: [
      http('${url}?key=1', { headersFrom: { authorization: 'GATE_TOKEN' } }),
      atLeast(2, command(['sh', '-c', 'echo rollout of $PHASEGATE_UNIT is done']), approval(), hung),
    ],
  },
})`,
    })
    const db = await createDatabase(server, { name: 'users', sql: usersSql(50) })
    const run = (...args: string[]) => runCli(project, args, on(db.url, { GATE_TOKEN: 's3cret-token' }))
    for (const verb of ['expand', 'backfill']) expect(await run(verb)).toMatchObject({ code: 0 })
    await run('approve', 'email_verified:contract', '--reason', 'ok')

    const gate = await run('gate', 'email_verified:contract')
    expect(gate.code).toBe(3)
    expect(gate.stdout).toContain(`closed  http(${url}): GET ${url} answered 503: [GATE_TOKEN] has 3 old pods`)
    expect(gate.stdout).toMatch(/saw 503, wants 200, asked at \S+, counts until \S+/)
    expect(gate.stdout).toContain(`rollout of ${MIGRATION}:contract is done`)
    expect(gate.stdout).toContain('unknown hung: could not be asked: it did not answer within 300 ms')
    expect(gate.stdout).toContain(`missing for it to open: http(${url}), backfillVerified`)

    expect(await run('contract', '--confirm', db.name)).toMatchObject({ code: 3 })
    status = 200
    expect(await run('gate', 'email_verified:contract')).toMatchObject({ code: 0 })
    const contract = await run('contract', '--confirm', db.name)
    expect(contract.code, contract.stdout + contract.stderr).toBe(0)

    const evidence = await db.query<{ verdict: string; text: string }>(
      `SELECT verdict, detail::text AS text FROM phasegate.evidence WHERE gate LIKE 'http%' ORDER BY id`,
    )
    expect(evidence.map((row) => row.verdict)).toEqual(expect.arrayContaining(['closed', 'open']))
    expect(evidence[0]?.text).toContain('[GATE_TOKEN] has 3 old pods')
    const everything = await db.query<{ text: string }>(
      `SELECT (SELECT string_agg(e::text, '') FROM phasegate.evidence e) || (SELECT string_agg(e::text, '') FROM phasegate.event e) AS text`,
    )
    expect(everything[0]?.text.length).toBeGreaterThan(1000)
    expect(everything[0]?.text).not.toContain('s3cret')
  })
})
