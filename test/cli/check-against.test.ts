import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { EMAIL_VERIFIED, MIGRATION, on, usersProject, usersSql } from '../lanes/users-project.js'
import { runCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres } from '../support/servers.js'

describeOnPostgres(18, 'check against a database', (server) => {
  test('an applied file that changed, and one that uses what contract took, by file, by URL and by database', async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(50) })
    const project = usersProject()
    expect(await runCli(project, ['up', '--confirm', db.name], on(db.url))).toMatchObject({ code: 0 })
    const status = await runCli(project, ['status', '--json'], on(db.url))
    project.write('status.json', status.stdout)
    expect(await runCli(project, ['check', '--against', 'status.json'])).toMatchObject({ code: 0 })

    const file = `phasegate/${MIGRATION}.ts`
    project.write(file, EMAIL_VERIFIED.replace("appUses: 'new'", "appUses: 'both'"))
    const web = createServer((_request, response) => response.end(status.stdout)).listen(0, '127.0.0.1')
    await once(web, 'listening')
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/migrations/status`
    for (const source of [
      ['--against', 'status.json'],
      ['--against', url],
      ['--database', db.url],
    ]) {
      const check = await runCli(project, ['check', ...source, '--json'])
      expect(check.code, check.stderr).toBe(8)
      expect(check.json<{ errors: object[] }>().errors).toMatchObject([{ code: 'BUILD.USES_OLD', where: { file } }])
    }
    web.close()

    project.write(file, EMAIL_VERIFIED.replace("t.boolean('email_verified')", "t.string('email_verified')"))
    const drift = await runCli(project, ['check', '--against', 'status.json', '--json'])
    expect(drift.code).toBe(8)
    expect(drift.json<{ errors: object[] }>().errors).toMatchObject([{ code: 'UNIT.DRIFT', where: { file } }])
  })

  test('a table that nobody creates and a late file are told, with a database', async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(50) })
    const project = usersProject()
    expect(await runCli(project, ['expand'], on(db.url))).toMatchObject({ code: 0 })
    project.write('phasegate/20261101000000_late.sql', '-- phase: expand\nALTER TABLE nowhere ADD COLUMN a int;\n')
    const check = await runCli(project, ['check', '--database', db.url, '--json'])
    expect(check.code, check.stderr).toBe(0)
    const notes = check.json<{ notes: string[] }>().notes.join('\n')
    expect(notes).toContain('20261101000000_late arrived late')
    expect(notes).toContain('nowhere')
  })

  test('what is no status document is refused', async () => {
    const project = usersProject({ 'status.json': '{}' })
    const web = createServer((request, response) => {
      response.writeHead(request.url === '/busy' ? 503 : 404).end()
    }).listen(0, '127.0.0.1')
    await once(web, 'listening')
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
    const gone = await closedPort()
    // 11: trying again may help.
    for (const [source, code, why] of [
      ['status.json', 2, 'not a status document'],
      ['missing.json', 2, 'ENOENT'],
      [`http://127.0.0.1:${gone}/`, 11, 'ECONNREFUSED'],
      [`${url}/wrong`, 2, '404'],
      [`${url}/busy`, 11, '503'],
    ] as const) {
      const check = await runCli(project, ['check', '--against', source, '--json'])
      expect(check.code, source).toBe(code)
      expect(check.json<{ error: object }>().error).toMatchObject({
        code: 'CHECK.AGAINST',
        why: expect.stringContaining(why),
      })
    }
    web.close()
  })
})

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
