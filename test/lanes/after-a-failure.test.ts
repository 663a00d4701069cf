import { expect, test } from 'vitest'
import { createProject, type Project } from '../support/project.js'
import { type CliResult, runCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres, type TestDatabase } from '../support/servers.js'
import { EMAIL_VERIFIED, MIGRATION, on, usersProject, usersSql } from './users-project.js'

const FILE = 'phasegate/20261122093000_two.sql'
const expandSql = (...statements: string[]): string =>
  `-- phase: expand\n${statements.map((one) => `${one};\n`).join('')}`

interface LaneJson {
  readonly exit: number
  readonly units: readonly {
    readonly unit: string
    readonly outcome: string
    readonly reason: string
    readonly error?: { code: string }
  }[]
}

describeOnPostgres(18, 'after a failure', (server) => {
  const ofUsers = (): Promise<TestDatabase> => createDatabase(server, { name: 'users', sql: usersSql(100) })
  const run = (project: Project, db: TestDatabase, ...args: string[]): Promise<CliResult> =>
    runCli(project, args, on(db.url))

  test('finished steps stay, and the rest may be edited', async () => {
    const db = await ofUsers()
    const project = createProject({
      [FILE]: expandSql('ALTER TABLE users ADD COLUMN a int', 'ALTER TABLE nothing ADD COLUMN b int'),
    })
    const failed = await run(project, db, 'expand', '--json')
    expect(failed.code).toBe(9)
    expect(failed.json<LaneJson>().units[0]).toMatchObject({ outcome: 'failed', error: { code: 'DATABASE.STATEMENT' } })

    project.write(FILE, expandSql('ALTER TABLE users ADD COLUMN z int', 'ALTER TABLE users ADD COLUMN b int'))
    const edited = await run(project, db, 'expand', '--json')
    expect(edited.code).toBe(7)
    expect(edited.json<LaneJson>().units[0]?.error?.code).toBe('UNIT.EDITED')

    project.write(FILE, expandSql('ALTER TABLE users ADD COLUMN a int', 'ALTER TABLE users ADD COLUMN b int'))
    expect(await run(project, db, 'expand'), 'the rest is planned anew').toMatchObject({ code: 0 })
    const status = await run(project, db, 'status', '--json')
    expect(status.json<{ counts: object }>().counts).toEqual({ expand: 0, backfill: 0, contract: 0 })
  })

  test('an applied file that changed is drift; a comment is not', async () => {
    const db = await ofUsers()
    const project = createProject({ [FILE]: expandSql('ALTER TABLE users ADD COLUMN a int') })
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    project.write(
      FILE,
      `-- a comment\n${expandSql('ALTER TABLE  users\n  ADD COLUMN a int')}`.replace(/^(.*)\n(.*)\n/, '$2\n$1\n'),
    )
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    project.write(FILE, expandSql('ALTER TABLE users ADD COLUMN a bigint'))
    const drift = await run(project, db, 'expand', '--json')
    expect(drift.code).toBe(7)
    expect(drift.json<LaneJson>().units[0]?.outcome).toBe('drift')
  })

  test('a foreign unit is no drift, and a late file still runs', async () => {
    const db = await ofUsers()
    const project = createProject({ [FILE]: expandSql('ALTER TABLE users ADD COLUMN a int') })
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    project.remove(FILE)
    project.write('phasegate/20261120000000_late.sql', expandSql('ALTER TABLE users ADD COLUMN late int'))
    const plan = await run(project, db, 'plan', '--json')
    expect(plan.json<{ foreign: string[] }>().foreign).toEqual(['20261122093000_two:expand'])
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    expect(await db.query('SELECT a, late FROM users LIMIT 1')).toEqual([{ a: null, late: null }])
  })

  test('a unit that rests on one which waits is blocked with both names; others run', async () => {
    const db = await ofUsers()
    const project = usersProject({
      'phasegate/20261123000000_again.sql': expandSql('ALTER TABLE users ADD COLUMN verified_at timestamptz'),
      'phasegate/20261124000000_other.sql': expandSql('ALTER TABLE users ADD COLUMN other int'),
    })
    const result = await run(project, db, 'expand', '--json')
    expect(result.code).toBe(3)
    const outcome = Object.fromEntries(result.json<LaneJson>().units.map((unit) => [unit.unit, unit]))
    expect(outcome[`${MIGRATION}:expand`]?.outcome).toBe('applied')
    expect(outcome['20261124000000_other:expand']?.outcome).toBe('applied')
    expect(outcome['20261123000000_again:expand']).toMatchObject({ outcome: 'blocked' })
    expect(outcome['20261123000000_again:expand']?.reason).toContain(`${MIGRATION}:`)
  })

  test('a saved plan is applied as it was reviewed, or refused', async () => {
    const db = await ofUsers()
    const project = createProject({ [FILE]: expandSql('ALTER TABLE users ADD COLUMN a int') })
    expect(await run(project, db, 'plan', 'expand', '--out', 'plan.json')).toMatchObject({ code: 0 })
    project.write('phasegate/20261123000000_more.sql', expandSql('ALTER TABLE users ADD COLUMN more int'))
    const applied = await run(project, db, 'expand', '--plan', 'plan.json', '--json')
    expect(
      applied.json<LaneJson>().units.map((unit) => unit.unit),
      'only what was reviewed',
    ).toEqual(['20261122093000_two:expand'])

    expect(await run(project, db, 'plan', 'expand', '--out', 'plan.json')).toMatchObject({ code: 0 })
    project.write('phasegate/20261123000000_more.sql', expandSql('ALTER TABLE users ADD COLUMN more text'))
    const stale = await run(project, db, 'expand', '--plan', 'plan.json', '--json')
    expect(stale.code).toBe(7)
    expect(stale.json<{ error: { code: string } }>().error.code).toBe('PLAN.STALE')
    expect(
      await db.query(
        `SELECT count(*)::int AS there FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'more'`,
      ),
    ).toEqual([{ there: 0 }])
  })

  test('revert undoes expand and backfill while contract is pending, and expand brings them back', async () => {
    const db = await ofUsers()
    const project = usersProject()
    for (const verb of ['expand', 'backfill']) expect(await run(project, db, verb)).toMatchObject({ code: 0 })
    const unconfirmed = await run(project, db, 'revert', 'email_verified')
    expect(unconfirmed.code).toBe(10)
    expect(unconfirmed.stderr).toContain('users.email_verified')
    const reverted = await run(project, db, 'revert', 'email_verified', '--confirm', db.name)
    expect(reverted.code, reverted.stdout + reverted.stderr).toBe(0)
    const columns = `SELECT string_agg(attname, ',' ORDER BY attnum) AS columns FROM pg_attribute
                     WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped`
    expect(await db.query(columns)).toEqual([{ columns: 'id,email,verified_at' }])
    expect(await db.query(`SELECT count(*)::int AS left FROM pg_trigger WHERE NOT tgisinternal`)).toEqual([{ left: 0 }])

    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    expect(await db.query(columns), 'stays reverted until it is named').toEqual([{ columns: 'id,email,verified_at' }])
    for (const args of [['expand', 'email_verified'], ['backfill']])
      expect(await run(project, db, ...args)).toMatchObject({ code: 0 })
    expect(await db.query('SELECT count(*)::int AS wrong FROM users WHERE email_verified IS NULL')).toEqual([
      { wrong: 0 },
    ])
  })

  test('revert is refused after the point of no return, naming what was dropped', async () => {
    const db = await ofUsers()
    const project = usersProject()
    await run(project, db, 'up', '--confirm', db.name)
    const refused = await run(project, db, 'revert', 'email_verified', '--confirm', db.name)
    expect(refused.code).toBe(5)
    expect(refused.stderr).toContain('REVERT.TOO_LATE')
    expect(refused.stderr).toContain('users.verified_at')
  })

  test('a build that still says old or both is refused where contract has taken the old shape', async () => {
    const db = await ofUsers()
    expect(await run(usersProject(), db, 'up', '--confirm', db.name)).toMatchObject({ code: 0 })
    const old = usersProject({
      [`phasegate/${MIGRATION}.ts`]: EMAIL_VERIFIED.replace("appUses: 'new'", "appUses: 'both'"),
    })
    const refused = await run(old, db, 'expand')
    expect(refused.code).toBe(5)
    expect(refused.stderr).toContain('BUILD.USES_OLD')
  })

  test('up is for empty or disposable databases only, and --reset empties a disposable one', async () => {
    const db = await ofUsers()
    const project = usersProject()
    expect(await run(project, db, 'up')).toMatchObject({ code: 10 })
    expect(await run(project, db, 'up', '--confirm', db.name)).toMatchObject({ code: 0 })
    expect(await run(project, db, 'up', '--confirm', db.name), 'units were applied by now').toMatchObject({ code: 10 })
    expect(await run(project, db, 'up', '--reset', '--confirm', db.name)).toMatchObject({ code: 10 })
    project.write(
      'phasegate/20261101000000_users.sql',
      expandSql('CREATE TABLE users (id bigint PRIMARY KEY, verified_at timestamptz)'),
    )
    const reset = await runCli(project, ['up', '--reset'], on(db.url, { PHASEGATE_DISPOSABLE: '1' }))
    expect(reset.code, reset.stdout + reset.stderr).toBe(0)
    expect(await db.query('SELECT count(*)::int AS rows FROM users')).toEqual([{ rows: 0 }])
    const skipped = await db.query(`SELECT DISTINCT reason FROM phasegate.evidence`)
    expect(skipped.map((row) => row.reason).join()).toContain('skipped by up')
  })
})
