import { expect, test } from 'vitest'
import { runCli } from '../support/run-cli.js'
import { createDatabase, describeOnEveryPostgres } from '../support/servers.js'
import { MIGRATION, on, usersProject, usersSql } from './users-project.js'

interface LaneJson {
  readonly exit: number
  readonly units: readonly { readonly unit: string; readonly outcome: string; readonly reason: string }[]
}

describeOnEveryPostgres('the life of a migration', (server) => {
  test('expand, backfill, a refused contract, an approved one', { timeout: 180_000 }, async () => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(5000) })
    const project = usersProject()

    const check = await runCli(project, ['check'])
    expect(check, check.stdout + check.stderr).toMatchObject({ code: 0 })
    const plan = await runCli(project, ['plan'], on(db.url))
    expect(plan.code, plan.stderr).toBe(0)
    expect(plan.stdout).toContain('email_verified')
    expect(await db.query(`SELECT to_regnamespace('phasegate') AS journal`), 'plan creates nothing').toEqual([
      { journal: null },
    ])

    const expand = await runCli(project, ['expand', '--json'], on(db.url))
    expect(expand.code, expand.stderr).toBe(0)
    expect(expand.json<LaneJson>().units).toMatchObject([{ unit: `${MIGRATION}:expand`, outcome: 'applied' }])
    await db.query(`INSERT INTO users (id, email, verified_at) VALUES (0, 'late', now())`)
    expect(await db.query('SELECT email_verified FROM users WHERE id = 0'), 'sync').toEqual([{ email_verified: true }])

    const early = await runCli(project, ['contract', '--json', '--confirm', db.name], on(db.url))
    expect(early.code).toBe(3)

    const backfill = await runCli(project, ['backfill', '--json'], on(db.url))
    expect(backfill.code, backfill.stderr).toBe(0)
    expect(
      await db.query(
        'SELECT count(*)::int AS wrong FROM users WHERE email_verified IS DISTINCT FROM (verified_at IS NOT NULL)',
      ),
    ).toEqual([{ wrong: 0 }])

    const refused = await runCli(project, ['contract', '--confirm', db.name], on(db.url))
    expect(refused.code).toBe(3)
    expect(refused.stdout).toContain('phasegate approve')
    const columns = `SELECT column_name, is_nullable, column_default FROM information_schema.columns
                     WHERE table_name = 'users' ORDER BY column_name`
    expect((await db.query(columns)).map((row) => row.column_name)).toContain('verified_at')

    const approve = ['approve', 'email_verified:contract', '--reason', 'no reader since Monday']
    expect(await runCli(project, approve, on(db.url))).toMatchObject({ code: 0 })
    const unconfirmed = await runCli(project, ['contract'], on(db.url))
    expect(unconfirmed.code).toBe(10)
    expect(unconfirmed.stderr).toContain('users.verified_at')
    const wrongName = await runCli(project, ['contract', '--confirm', 'another'], on(db.url))
    expect(wrongName.code).toBe(10)

    const contract = await runCli(project, ['contract', '--confirm', db.name, '--json'], on(db.url))
    expect(contract.code, contract.stdout + contract.stderr).toBe(0)
    expect(await db.query(columns)).toEqual([
      { column_name: 'email', is_nullable: 'NO', column_default: null },
      { column_name: 'email_verified', is_nullable: 'NO', column_default: 'false' },
      { column_name: 'id', is_nullable: 'NO', column_default: null },
    ])
    expect(await db.query(`SELECT count(*)::int AS left FROM pg_trigger WHERE NOT tgisinternal`)).toEqual([{ left: 0 }])

    const again = await runCli(project, ['contract', '--json', '--confirm', db.name], on(db.url))
    expect(again.json<LaneJson>()).toMatchObject({ exit: 0, units: [] })
    const status = await runCli(project, ['status', '--json'], on(db.url))
    expect(status.json<{ counts: object }>().counts).toEqual({ expand: 0, backfill: 0, contract: 0 })
  })
})
