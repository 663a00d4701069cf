import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { runCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres, type TestDatabase } from '../support/servers.js'
import { MIGRATION, on, usersProject, usersSql } from './users-project.js'

/** Ends the holder's transaction once five sessions of that name are there, or after a minute. */
async function release(
  db: TestDatabase,
  holder: { query(text: string): Promise<unknown> },
  name: string,
): Promise<void> {
  const sessions = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '${name}'`
  for (let waited = 0; waited < 300 && (await db.query(sessions)).length < 5; waited++) await sleep(200)
  await holder.query('COMMIT')
}

describeOnPostgres(18, 'twenty runners at once', (server) => {
  test('one applies, the others wait or find nothing to do, all exit 0', { timeout: 240_000 }, async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(5000) })
    const project = usersProject()
    for (const verb of ['expand', 'backfill']) {
      // Whoever is first has to wait for this reader, until others have come while it is at work.
      const holder = await db.connect()
      await holder.query('BEGIN; SELECT count(*) FROM users')
      const released = release(db, holder, `phasegate/${verb}%`)
      const results = await Promise.all(
        Array.from({ length: 20 }, () => runCli(project, [verb, '--json'], { ...on(db.url), timeout: 200_000 })),
      )
      await released
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
