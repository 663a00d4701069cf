import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Project } from '../support/project.js'
import { type CliResult, runCli, startCli } from '../support/run-cli.js'
import { createDatabase, describeOnPostgres, type TestDatabase } from '../support/servers.js'
import { EMAIL_VERIFIED, MIGRATION, on, usersProject, usersSql } from './users-project.js'

describeOnPostgres(18, 'gates of a contract', (server) => {
  const run = (project: Project, db: TestDatabase, ...args: string[]): Promise<CliResult> =>
    runCli(project, args, on(db.url))
  const filled = async (project: Project): Promise<TestDatabase> => {
    const db = await createDatabase(server, { name: 'users', sql: usersSql(200) })
    for (const verb of ['expand', 'backfill']) expect(await run(project, db, verb)).toMatchObject({ code: 0 })
    return db
  }
  const columns = (db: TestDatabase): Promise<unknown> =>
    db
      .query(`SELECT 1 FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'verified_at'`)
      .then((rows) => rows.length)

  test('a revoked approval closes it; an approval of another version of the file does not count', async () => {
    const project = usersProject()
    const db = await filled(project)
    await run(project, db, 'approve', 'email_verified:contract', '--reason', 'ok')
    expect(await run(project, db, 'gate', 'email_verified:contract')).toMatchObject({ code: 0 })
    await run(project, db, 'revoke', 'email_verified:contract', '--reason', 'not yet')
    expect(await run(project, db, 'gate', 'email_verified:contract')).toMatchObject({ code: 3 })
    expect(await run(project, db, 'contract', '--confirm', db.name)).toMatchObject({ code: 3 })
    expect(await run(project, db, 'contract', '--confirm', db.name, '--defer')).toMatchObject({ code: 0 })
    expect(await columns(db)).toBe(1)
  })

  test('an approval that is revoked while the contract is announced withdraws it', async () => {
    const project = usersProject()
    const db = await filled(project)
    await run(project, db, 'approve', 'email_verified:contract', '--reason', 'ok')
    const contract = startCli(
      project,
      ['contract', '--confirm', db.name, '--json'],
      on(db.url, { PHASEGATE_CONTRACT_ANNOUNCE: '20s' }),
    )
    await contract.waitFor(/contracting/)
    const during = await run(project, db, 'status', '--json')
    expect(during.stdout).toContain('"contracting"')
    await run(project, db, 'revoke', 'email_verified:contract', '--reason', 'an old pod is back')
    const result = await contract.ended
    expect(result.code, result.stderr).toBe(3)
    expect(await db.query(`SELECT state FROM phasegate.unit WHERE phase = 'contract'`)).toEqual([{ state: 'pending' }])
    expect(await columns(db)).toBe(1)
    expect(
      await db.query(`SELECT count(*)::int AS triggers FROM pg_trigger WHERE NOT tgisinternal`),
      'sync still stands',
    ).toEqual([{ triggers: 1 }])
  })

  test('a value that went missing after the backfill closes it, and is named', async () => {
    const project = usersProject()
    const db = await filled(project)
    await run(project, db, 'approve', 'email_verified:contract', '--reason', 'ok')
    await db.query(
      `ALTER TABLE users DISABLE TRIGGER USER; UPDATE users SET email_verified = NULL WHERE id = 42; ALTER TABLE users ENABLE TRIGGER USER`,
    )
    const held = await run(project, db, 'contract', '--confirm', db.name)
    expect(held.code).toBe(3)
    expect(held.stdout).toContain('42')
    const verify = await run(project, db, 'verify')
    expect(verify.code).toBe(9)
    expect(verify.stdout).toContain('42')
  })

  test('a row that a build with the new shape wrote alone holds nothing up: it may rightly differ', async () => {
    const file = EMAIL_VERIFIED.replace('    where: sql`email_verified IS NULL`,\n', '')
    const project = usersProject({ [`phasegate/${MIGRATION}.ts`]: file })
    const db = await filled(project)
    await run(project, db, 'approve', 'email_verified:contract', '--reason', 'ok')
    await db.query('UPDATE users SET email_verified = NOT email_verified WHERE id = 42')
    expect(await run(project, db, 'verify'), 'they do differ').toMatchObject({ code: 9 })
    const contract = await run(project, db, 'contract', '--confirm', db.name)
    expect(contract.code, contract.stdout + contract.stderr).toBe(0)
  })

  test('an override opens its gate once, and is shown for ever', async () => {
    const project = usersProject({
      'phasegate.config.ts': `import { defineConfig, soak } from 'phasegate'\nexport default defineConfig({ gates: { contract: [soak('7d')] } })`,
    })
    const db = await filled(project)
    await run(project, db, 'approve', 'email_verified:contract', '--reason', 'ok')
    const held = await run(project, db, 'contract', '--confirm', db.name)
    expect(held.stdout).toContain('soak')
    const wrong = await run(project, db, 'override', 'email_verified:contract', '--gate', 'soke', '--reason', 'x')
    expect(wrong.code).toBe(2)
    const override = await run(
      project,
      db,
      'override',
      'email_verified:contract',
      '--gate',
      'soak(7d)',
      '--reason',
      'no traffic yet',
      '--for',
      '2h',
    )
    expect(override.code, override.stderr).toBe(0)
    const contract = await run(project, db, 'contract', '--confirm', db.name)
    expect(contract.code, contract.stdout + contract.stderr).toBe(0)
    const status = await run(project, db, 'status', '--json')
    const gates = status.json<{ gates: Record<string, { overrides: { reason: string; usedAt: string | null }[] }> }>()
      .gates
    expect(gates[`${MIGRATION}:contract`]?.overrides).toMatchObject([{ reason: 'no traffic yet' }])
    expect(gates[`${MIGRATION}:contract`]?.overrides[0]?.usedAt).not.toBeNull()
  })

  test('backfills are paused, resumed, cancelled and held from another process', async () => {
    const project = usersProject()
    const db = await createDatabase(server, { name: 'users', sql: usersSql(200_000) })
    const slow = { PHASEGATE_BATCH_SIZE: '10', PHASEGATE_BATCH_TIME: '1ms' }
    expect(await run(project, db, 'expand')).toMatchObject({ code: 0 })
    const state = async (): Promise<unknown> =>
      (await db.query(`SELECT state FROM phasegate.unit WHERE phase = 'backfill'`))[0]?.state
    const until = async (wanted: string): Promise<void> => {
      for (let waited = 0; (await state()) !== wanted; waited++) {
        if (waited > 300) throw new Error(`not ${wanted} but ${await state()}`)
        await sleep(50)
      }
    }
    const backfill = startCli(project, ['backfill'], { ...on(db.url, slow), timeout: 120_000 })
    await until('running')
    expect(await run(project, db, 'pause', 'email_verified')).toMatchObject({ code: 0 })
    await until('paused')
    const done = async (): Promise<unknown> =>
      (await db.query('SELECT count(*)::int AS n FROM users WHERE email_verified IS NOT NULL'))[0]?.n
    const before = await done()
    await sleep(700)
    expect(await done()).toBe(before)
    expect(await run(project, db, 'resume', 'email_verified')).toMatchObject({ code: 0 })
    await until('running')
    expect(await run(project, db, 'pause', '--reason', 'maintenance')).toMatchObject({ code: 0 })
    await until('paused')
    expect(await run(project, db, 'resume')).toMatchObject({ code: 0 })
    await until('running')
    expect(await run(project, db, 'cancel', 'email_verified', '--now')).toMatchObject({ code: 0 })
    const ended = await backfill.ended
    expect(ended.code, ended.stderr).toBe(4)
    expect(await state()).toBe('cancelled')
    const again = await runCli(project, ['backfill'], { ...on(db.url), timeout: 120_000 })
    expect(again.code, again.stderr).toBe(0)
    expect(await state()).toBe('applied')
  }, 240_000)
})
