import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createProject, type Project } from '../support/project.js'
import { type AnyDatabase, describeOnEveryServer } from '../support/servers.js'
import { REFERENCE, referenceProject, usersDatabase } from './reference-migration.js'
import { shapeOf, wordsOf } from './sql-words.js'
import { type LaneJson, type Run, said, verbsOn } from './verbs.js'

const MORE = 'phasegate/20261124000000_more.sql'
const add = (column: string): string => `-- phase: expand\nALTER TABLE users ADD COLUMN ${column} int;\n`

describeOnEveryServer('before anything runs', (server) => {
  const words = wordsOf(server)

  async function started(
    project: Project = referenceProject(words),
  ): Promise<{ db: AnyDatabase; run: Run; project: Project }> {
    const db = await usersDatabase(server, 100)
    return { db, project, run: verbsOn(project, db) }
  }
  const hasColumn = async (db: AnyDatabase, column: string): Promise<boolean> =>
    (await shapeOf(db)).some((line) => line.startsWith(`users ${column} `))

  test('a saved plan is applied as it was reviewed, or refused', async () => {
    const { db, run, project } = await started(createProject({ [MORE]: add('a') }))
    expect((await run('plan', 'expand', '--out', 'plan.json')).code).toBe(0)
    project.write('phasegate/20261125000000_later.sql', add('later'))
    const applied = await run('expand', '--plan', 'plan.json')
    expect(applied.code, said(applied)).toBe(0)
    expect([await hasColumn(db, 'a'), await hasColumn(db, 'later')]).toEqual([true, false])

    const stale = await run('expand', '--plan', 'plan.json')
    expect(stale.code, said(stale)).toBe(7)
    expect(stale.stderr).toContain('PLAN.STALE')
    const other = await usersDatabase(server, 10)
    const elsewhere = await verbsOn(project, other)('expand', '--plan', 'plan.json')
    expect(elsewhere.code, said(elsewhere)).toBe(7)
  }, 120_000)

  test('status and its check say what is pending, and need no journal', async () => {
    const { run } = await started()
    const fresh = await run('status', '--json')
    expect(fresh.json<{ counts: object }>().counts).toEqual({ expand: 1, backfill: 1, contract: 1 })
    expect((await run('status', '--check', '--all')).code).toBe(4)
    expect((await run('manifest', '--app', 'api', '--out', 'manifest.json')).code).toBe(0)
    expect((await run('status', '--check', '--manifest', 'manifest.json')).code).toBe(4)
    for (const verb of ['expand', 'backfill']) expect((await run(verb)).code).toBe(0)
    const ready = await run('status', '--check', '--manifest', 'manifest.json')
    expect(ready.code, said(ready)).toBe(0)
    expect((await run('status', '--check', '--all')).code).toBe(4)
  }, 120_000)

  test('a contract waits for the code and for an approval, and --defer makes no failure of that', async () => {
    const { db, run, project } = await started()
    const file = `phasegate/${REFERENCE}.ts`
    const asNew = readFileSync(join(project.dir, file), 'utf8')
    project.write(file, asNew.replace(`appUses: 'new'`, `appUses: 'both'`))
    for (const verb of ['expand', 'backfill']) expect((await run(verb)).code).toBe(0)
    expect((await run('approve', 'email_verified:contract', '--reason', 'ok')).code).toBe(0)
    const held = await run('contract', '--confirm', db.name, '--json')
    expect(held.code, said(held)).toBe(3)
    expect(held.json<LaneJson>().units[0]).toMatchObject({
      outcome: 'held',
      reason: expect.stringContaining('appUses'),
    })
    expect((await run('contract', '--confirm', db.name, '--defer')).code).toBe(0)
    expect(await hasColumn(db, 'verified_at')).toBe(true)

    project.write(file, asNew)
    expect((await run('gate', 'email_verified:contract')).code, 'appUses is no part of the fingerprint').toBe(0)
    expect((await run('revoke', 'email_verified:contract', '--reason', 'not yet')).code).toBe(0)
    expect((await run('contract', '--confirm', db.name)).code).toBe(3)
    expect((await run('approve', 'email_verified:contract', '--reason', 'ok')).code).toBe(0)
    await db.query('DELETE FROM users WHERE id > 50')
    const contract = await run('contract', '--confirm', db.name)
    expect(contract.code, said(contract)).toBe(0)
    expect(await hasColumn(db, 'verified_at')).toBe(false)

    project.write(file, asNew.replace(`appUses: 'new'`, `appUses: 'both'`))
    const usesOld = await run('expand')
    expect(usesOld.code, said(usesOld)).toBe(5)
    expect(usesOld.stderr).toContain('BUILD.USES_OLD')
  }, 180_000)

  test('an applied file that changed is drift; a failed one may be edited where nothing was done', async () => {
    const { db, run, project } = await started(
      createProject({ [MORE]: `${add('a')}ALTER TABLE nothing ADD COLUMN b int;\n` }),
    )
    const failed = await run('expand', '--json')
    expect(failed.code, said(failed)).toBe(9)
    expect(failed.json<LaneJson>().units[0]).toMatchObject({ outcome: 'failed', error: { code: 'DATABASE.STATEMENT' } })
    project.write(MORE, `${add('z')}ALTER TABLE users ADD COLUMN b int;\n`)
    expect((await run('expand')).code, 'its first step stands').toBe(7)
    project.write(MORE, `${add('a')}ALTER TABLE users ADD COLUMN b int;\n`)
    const edited = await run('expand')
    expect(edited.code, said(edited)).toBe(0)
    expect([await hasColumn(db, 'a'), await hasColumn(db, 'b')]).toEqual([true, true])

    project.write(MORE, `-- words\n${add('a')}ALTER TABLE users\n  ADD COLUMN b int;\n`)
    expect((await run('expand')).code).toBe(0)
    project.write(MORE, `${add('a')}ALTER TABLE users ADD COLUMN b bigint;\n`)
    expect((await run('expand')).code).toBe(7)
  }, 120_000)
})
