import { expect, test } from 'vitest'
import { runCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres } from '../support/servers.js'
import { MIGRATION, on, usersProject, usersSql } from './users-project.js'

describeOnPostgres(18, 'twenty runners at once', (server) => {
  test('one applies, the others wait or find nothing to do, all exit 0', { timeout: 240_000 }, async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(5000) })
    const project = usersProject()
    for (const verb of ['expand', 'backfill']) {
      const results = await Promise.all(
        Array.from({ length: 20 }, () => runCli(project, [verb, '--json'], { ...on(db.url), timeout: 200_000 })),
      )
      for (const result of results) expect(result.code, result.stdout + result.stderr).toBe(0)
    }
    const [unit] = await db.query(
      `SELECT attempts, state FROM phasegate.unit WHERE migration = '${MIGRATION}' AND phase = 'expand'`,
    )
    expect(unit).toEqual({ attempts: 1, state: 'applied' })
    expect(await db.query(`SELECT count(*)::int AS wrong FROM users WHERE email_verified IS NULL`)).toEqual([
      { wrong: 0 },
    ])
  })
})
