import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { processesIn } from '../support/mysql-processes.js'
import { type CliResult, runCli } from '../support/run-cli.js'
import { type AnyDatabase, describeOnEveryServer } from '../support/servers.js'
import { countOf, wordsOf } from '../support/sql-words.js'
import { REFERENCE, referenceProject, usersDatabase } from './reference-migration.js'
import { environment, said } from './verbs.js'

const RUNNERS = 6

describeOnEveryServer(`${RUNNERS} runners at once`, (server) => {
  const words = wordsOf(server)

  test('one applies, the others wait or find nothing to do, all exit 0', async () => {
    const db = await usersDatabase(server, 2000)
    const project = referenceProject(words)
    for (const verb of ['expand', 'backfill']) {
      const results = await throughAHeldTable(db, () =>
        Promise.all(
          Array.from({ length: RUNNERS }, () =>
            runCli(project, [verb, '--json'], { env: environment(db), timeout: 120_000 }),
          ),
        ),
      )
      for (const result of results) expect(result.code, said(result)).toBe(0)
    }
    const units = await db.query(
      `SELECT phase, attempts, state FROM ${words.journal('unit')} WHERE migration = '${REFERENCE}' ORDER BY phase`,
    )
    expect(units).toContainEqual(expect.objectContaining({ phase: 'expand', attempts: 1, state: 'applied' }))
    expect(await countOf(db, 'users WHERE email_verified IS NULL')).toBe(0)
  }, 240_000)
})

/** Holds the table until all runners are there, so that they surely meet. */
async function throughAHeldTable(
  db: AnyDatabase,
  work: () => Promise<readonly CliResult[]>,
): Promise<readonly CliResult[]> {
  const holder = await db.open()
  await holder.query('BEGIN')
  await holder.query('SELECT count(*) FROM users')
  const results = work()
  const deadline = Date.now() + 60_000
  while ((await sessionsOf(db)) < RUNNERS && Date.now() < deadline) await sleep(100)
  await holder.query('COMMIT')
  await holder.close()
  return results
}

/** Sessions in the database but this one and the holder. */
async function sessionsOf(db: AnyDatabase): Promise<number> {
  if (db.family !== 'postgres') return (await processesIn(db)).length - 1
  return countOf(db, `pg_stat_activity WHERE datname = current_database() AND application_name <> 'test'`)
}
