import { expect, test } from 'vitest'
import { runCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres } from '../support/servers.js'
import { EMAIL_VERIFIED, MIGRATION, on, usersProject, usersSql } from './users-project.js'

describeOnPostgres(18, 'a backfill with a row in quarantine', (server) => {
  test('keeps contract closed until the row is corrected and the backfill is named again', async () => {
    const file = EMAIL_VERIFIED.replace("    table: 'users',\n", "    table: 'users',\n    onError: 'quarantine',\n")
    expect(file).not.toBe(EMAIL_VERIFIED)
    const project = usersProject({ [`phasegate/${MIGRATION}.ts`]: file })
    const db = await createDatabase(server, { name: 'users', sql: usersSql(200) })
    const run = (...args: string[]) => runCli(project, args, on(db.url))
    expect(await run('expand')).toMatchObject({ code: 0 })
    await db.query('ALTER TABLE users ADD CONSTRAINT stays_open CHECK (id <> 42 OR email_verified IS NULL)')

    const filled = await run('backfill')
    expect(filled, filled.stderr).toMatchObject({ code: 0 })
    expect(filled.stdout).toContain('1 could not be changed and are in quarantine')
    expect(filled.stderr).toMatch(/row 42 is in quarantine: .*stays_open/)
    await run('approve', 'email_verified:contract', '--reason', 'ok')
    const held = await run('gate', 'email_verified:contract')
    expect(held.code).toBe(3)
    expect(held.stdout).toContain(`in quarantine, for example 42; correct them, then: phasegate backfill ${MIGRATION}`)
    const verify = await run('verify')
    expect(verify.code).toBe(9)
    expect(verify.stdout).toContain('old and new agree; 1 rows are in quarantine and were left out')

    await db.query('ALTER TABLE users DROP CONSTRAINT stays_open')
    expect((await run('backfill')).code, 'unnamed, it has nothing to do').toBe(0)
    expect(await run('gate', 'email_verified:contract')).toMatchObject({ code: 3 })
    const again = await run('backfill', 'email_verified')
    expect(again, again.stderr).toMatchObject({ code: 0 })
    expect(await db.query('SELECT email_verified IS NULL AS missing FROM users WHERE id = 42')).toEqual([
      { missing: false },
    ])
    expect(await run('gate', 'email_verified:contract')).toMatchObject({ code: 0 })
    expect(await run('verify')).toMatchObject({ code: 0 })
  })
})
