import { expect, test } from 'vitest'
import { createProject, type Project } from '../support/project.js'
import { type CliResult, runCli, startCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres, type TestDatabase } from '../support/servers.js'
import { EMAIL_VERIFIED, MIGRATION, on, usersProject, usersSql } from './users-project.js'

describeOnPostgres(18, 'around a run', (server) => {
  const ofUsers = (rows = 100): Promise<TestDatabase> => createDatabase(server, { name: 'users', sql: usersSql(rows) })
  const run = (project: Project, db: TestDatabase, ...args: string[]): Promise<CliResult> =>
    runCli(project, args, on(db.url))

  test('SIGINT stops a backfill after its batch with 130, and the same command goes on', async () => {
    const db = await ofUsers(200_000)
    const project = usersProject()
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    const slow = { PHASEGATE_BATCH_SIZE: '10', PHASEGATE_BATCH_TIME: '1ms' }
    const backfill = startCli(project, ['backfill'], on(db.url, slow))
    await backfill.waitFor(/backfill .*rows/)
    backfill.kill('SIGINT')
    expect((await backfill.ended).code).toBe(130)
    const status = await run(project, db, 'status', '--json')
    expect(status.stdout).toContain('"interrupted"')
    const check = await run(project, db, 'status', '--check', '--all')
    expect(check.code).toBe(4)
    expect(await run(project, db, 'backfill')).toMatchObject({ code: 0 })
    expect(await db.query('SELECT count(*)::int AS wrong FROM users WHERE email_verified IS NULL')).toEqual([
      { wrong: 0 },
    ])
  }, 120_000)

  test('SIGTERM withdraws a contract that is only announced, with 143', async () => {
    const db = await ofUsers()
    const project = usersProject()
    for (const verb of ['expand', 'backfill']) expect(await run(project, db, verb)).toMatchObject({ code: 0 })
    await run(project, db, 'approve', 'email_verified:contract', '--reason', 'ok')
    const contract = startCli(
      project,
      ['contract', '--confirm', db.name],
      on(db.url, { PHASEGATE_CONTRACT_ANNOUNCE: '60s' }),
    )
    await contract.waitFor(/contracting/)
    contract.kill('SIGTERM')
    expect((await contract.ended).code).toBe(143)
    expect(await db.query(`SELECT state FROM phasegate.unit WHERE phase = 'contract'`)).toEqual([{ state: 'pending' }])
  })

  test('SIGINT cancels a concurrent build, and the next run builds it again', async () => {
    const db = await ofUsers()
    const project = createProject({
      'phasegate/20261122093000_index.sql': '-- phase: expand\nCREATE INDEX users_email ON users (email);\n',
    })
    const holder = await db.connect()
    await holder.query('BEGIN; UPDATE users SET email = email WHERE id = 1')
    const expand = startCli(project, ['expand'], on(db.url))
    await expand.waitFor(/waits for/)
    expand.kill('SIGINT')
    expect((await expand.ended).code).toBe(130)
    await holder.query('COMMIT')
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    expect(await db.query(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_email'::regclass`)).toEqual([
      { indisvalid: true },
    ])
  })

  test('fits answers before a rollback: yes before contract, no after it', async () => {
    const db = await ofUsers()
    const project = usersProject()
    const old = usersProject({
      [`phasegate/${MIGRATION}.ts`]: EMAIL_VERIFIED.replace("appUses: 'new'", "appUses: 'old'"),
    })
    const manifest = await runCli(old, ['manifest', '--app', 'api', '--out', 'old.json', '--build', 'abc'], {})
    expect(manifest.code, manifest.stderr).toBe(0)
    expect(await run(old, db, 'fits', '--manifest', 'old.json')).toMatchObject({ code: 0 })
    expect(await run(project, db, 'up', '--confirm', db.name)).toMatchObject({ code: 0 })
    const refused = await run(old, db, 'fits', '--manifest', 'old.json')
    expect(refused.code).toBe(5)
    expect(refused.stdout).toContain(`${MIGRATION}:contract`)
    const check = await run(old, db, 'status', '--check', '--manifest', 'old.json')
    expect(check.code).toBe(5)
  })

  test('wait waits for a unit and for a gate, and says what it waited for', async () => {
    const db = await ofUsers()
    const project = usersProject()
    const early = await run(project, db, 'wait', '--for', 'email_verified:expand', '--timeout', '1s')
    expect(early.code).toBe(4)
    const waiting = startCli(project, ['wait', '--for', 'email_verified:expand', '--timeout', '50s'], on(db.url))
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    expect((await waiting.ended).code).toBe(0)
    const gate = await run(project, db, 'wait', '--for', 'gate:email_verified:contract', '--timeout', '1s')
    expect(gate.code).toBe(4)
    expect(gate.stderr).toContain('backfillApplied')
  })

  test('appRoles are granted what they need, and nothing more', async () => {
    const db = await ofUsers()
    await db.query(`DROP ROLE IF EXISTS web; CREATE ROLE web LOGIN PASSWORD 'web'`)
    const project = usersProject({
      'phasegate.config.ts': `import { defineConfig } from 'phasegate'\nexport default defineConfig({ appRoles: ['web'] })`,
    })
    const before = await run(project, db, 'doctor')
    expect(before.code, before.stdout).toBe(0)
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    const web = db.url.replace(/\/\/[^@]+@/, '//web:web@')
    const status = await runCli(project, ['status', '--json'], on(web))
    expect(status.code, status.stderr).toBe(0)
    const pause = await runCli(project, ['pause'], on(web))
    expect(pause.code).toBe(2)
    expect(pause.stderr).toContain('DATABASE.PERMISSION')
    await db.query('DROP OWNED BY web')
  })

  test('a role without grants reads the journal never, and is told the GRANT', async () => {
    const db = await ofUsers()
    await db.query(`DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN PASSWORD 'stranger'`)
    const project = usersProject()
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    const url = db.url.replace(/\/\/[^@]+@/, '//stranger:stranger@')
    const status = await runCli(project, ['status', '--json'], on(url))
    expect(status.code).toBe(2)
    expect(status.stdout).toContain('JOURNAL.FORBIDDEN')
    expect(status.stdout).toContain('GRANT USAGE ON SCHEMA phasegate')
  })

  test('doctor names a role that is not there and an index that is not valid', async () => {
    const db = await ofUsers()
    await db.query(`UPDATE users SET email = 'same'`)
    await db.query('CREATE UNIQUE INDEX CONCURRENTLY broken ON users (email)').catch(() => {})
    const project = usersProject({
      'phasegate.config.ts': `import { defineConfig } from 'phasegate'\nexport default defineConfig({ appRoles: ['nobody_here'] })`,
    })
    const doctor = await run(project, db, 'doctor')
    expect(doctor.code).toBe(8)
    expect(doctor.stdout).toContain('nobody_here')
    expect(doctor.stdout).toContain('broken')
  })
})
