import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createProject } from '../support/project.js'
import { type AnyDatabase, describeOnEveryServer } from '../support/servers.js'
import { shapeOf } from '../support/sql-words.js'
import { usersDatabase } from './reference-migration.js'
import { said, verbsOn } from './verbs.js'

const ADD = { 'phasegate/20261122093000_add.sql': '-- phase: expand\nALTER TABLE users ADD COLUMN flag boolean;\n' }
const LOCK_TIMEOUT = 1000
/** How much longer than the lock timeout a read may take on a machine that is busy with everything else. */
const SLACK = 1000

/** The longest that a read of one row took while `work` ran, in ms. */
async function longestRead(db: AnyDatabase, work: Promise<unknown>): Promise<number> {
  const reader = await db.open()
  let over = false
  let longest = 0
  const reading = (async () => {
    while (!over) {
      const started = performance.now()
      await reader.query('SELECT email FROM users WHERE id = 7')
      longest = Math.max(longest, performance.now() - started)
      await sleep(5)
    }
  })()
  await work.finally(() => {
    over = true
  })
  await reading
  await reader.close()
  return longest
}

describeOnEveryServer('a table that a reader holds', (server) => {
  const env = { PHASEGATE_LOCK_TIMEOUT: `${LOCK_TIMEOUT}ms`, PHASEGATE_STATEMENT_TIMEOUT: `${LOCK_TIMEOUT}ms` }

  test('is tried again a bounded number of times, its holder named, and nobody waits for long', async () => {
    const db = await usersDatabase(server, 100)
    const project = createProject(ADD)
    const holder = await db.open()
    await holder.query('BEGIN')
    await holder.query('SELECT count(*) FROM users /* nightly report */')
    const [{ id }] = (await holder.query(
      server.family === 'postgres' ? 'SELECT pg_backend_pid() AS id' : 'SELECT CONNECTION_ID() AS id',
    )) as [{ id: number }]
    const run = verbsOn(project, db, { env: { ...env, PHASEGATE_RETRIES: '2' } })('expand')
    const longest = await longestRead(db, run)
    const result = await run
    expect(result.code, said(result)).toBe(6)
    expect(said(result)).toContain('LOCK.HELD')
    expect(said(result), 'the holder').toMatch(new RegExp(`\\b${id}\\b`))
    expect(longest).toBeLessThan(LOCK_TIMEOUT + SLACK)
    expect((await shapeOf(db)).join()).not.toContain('flag')

    await holder.query('COMMIT')
    await holder.close()
    const again = await verbsOn(project, db)('expand')
    expect(again.code, said(again)).toBe(0)
    expect((await shapeOf(db)).join()).toContain('flag')
  }, 120_000)

  test('that comes free in time is changed by the same run', async () => {
    const db = await usersDatabase(server, 100)
    const holder = await db.open()
    await holder.query('BEGIN')
    await holder.query('SELECT count(*) FROM users')
    const run = verbsOn(createProject(ADD), db, { env: { ...env, PHASEGATE_RETRIES: '20' } })('expand')
    const released = sleep(4000).then(() => holder.query('COMMIT'))
    const longest = await longestRead(db, run)
    await released
    await holder.close()
    const result = await run
    expect(result.code, said(result)).toBe(0)
    expect(longest).toBeLessThan(LOCK_TIMEOUT + SLACK)
  }, 120_000)

  test("is nobody else's business: a change of another table that waits holds up none of ours", async () => {
    const db = await usersDatabase(server, 100)
    await db.query('CREATE TABLE elsewhere (id int PRIMARY KEY)')
    const [holder, waiting] = [await db.open(), await db.open()]
    await holder.query('BEGIN')
    await holder.query('SELECT * FROM elsewhere')
    const change = waiting.query('ALTER TABLE elsewhere ADD COLUMN a int')
    await sleep(300)
    const result = await verbsOn(createProject(ADD), db, { env, timeout: 30_000 })('expand')
    await holder.query('COMMIT')
    await change
    expect(result.code, said(result)).toBe(0)
  }, 60_000)
})
