import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createProject, type Project } from '../support/project.js'
import { runCli } from '../support/run-cli.js'
import { type AnyDatabase, describeOnEveryServer } from '../support/servers.js'
import { columnsOf, wordsOf } from '../support/sql-words.js'
import { applied, codeOf, inProcess, type LibraryOptions, library } from './library.js'
import { REFERENCE, referenceProject, usersDatabase } from './reference-migration.js'
import { environment, said } from './verbs.js'

const MORE = 'phasegate/20261124000000_more.sql'
const add = (column: string): string => `-- phase: expand\nALTER TABLE users ADD COLUMN ${column} int;\n`

describeOnEveryServer('before anything runs', (server) => {
  interface Start {
    readonly db: AnyDatabase
    readonly project: Project
    readonly options: LibraryOptions
  }
  async function started(project: Project = referenceProject(wordsOf(server))): Promise<Start> {
    const db = await usersDatabase(server, 100)
    return { db, project, options: inProcess(project, db) }
  }
  const columns = async (db: AnyDatabase): Promise<readonly string[]> => (await columnsOf(db, 'users')).slice(3)

  test('a saved plan is applied as it was reviewed, or refused', async () => {
    const { db, options, project } = await started(createProject({ [MORE]: add('a') }))
    await library.runPlan({ ...options, phase: 'expand', out: 'plan.json' })
    project.write('phasegate/20261125000000_later.sql', add('later'))
    await applied(library.runExpand({ ...options, plan: 'plan.json' }))
    expect(await columns(db)).toEqual(['a'])
    expect(await codeOf(library.runExpand({ ...options, plan: 'plan.json' }))).toBe('PLAN.STALE')
    const other = await usersDatabase(server, 10)
    const elsewhere = library.runExpand({ ...inProcess(project, other), plan: 'plan.json' })
    expect(await codeOf(elsewhere)).toBe('PLAN.TARGET')
  })

  test('a plan says by which key a backfill goes, once that is known, or why it has none', async () => {
    const { db, options } = await started()
    const walk = async () => (await library.runPlan({ ...options, phase: 'backfill' })).units.map((unit) => unit.walk)
    expect(await walk()).toEqual([null])
    await applied(library.runExpand(options))
    expect(await walk()).toEqual([expect.stringMatching(/^by id, along (users_pkey|PRIMARY)$/)])
    await db.query(
      db.family === 'postgres'
        ? 'ALTER TABLE users DROP CONSTRAINT users_pkey'
        : 'ALTER TABLE users DROP PRIMARY KEY, MODIFY id bigint NULL',
    )
    expect(await walk()).toEqual([
      expect.stringMatching(db.family === 'postgres' ? /^page by page/ : /^not at all: .*BACKFILL\.NO_KEY/),
    ])
  })

  test('a plan says how fast and when a backfill works, and what it looks at', async () => {
    const project = referenceProject(wordsOf(server), 'SQL')
    const { db, options } = await started(project)
    const replica = new URL(db.url)
    replica.password = 'not-to-be-shown'
    project.write(
      'phasegate.config.ts',
      `import { defineConfig } from 'phasegate'
export default defineConfig({
  backfill: {
    maxRowsPerSecond: 5000,
    throttle: { replicaLag: { hard: '1m', replicas: ['${replica.href}'] }, waiters: { soft: 3 }, http: 'http://freno/check' },
  },
})`,
    )
    const file = `phasegate/${REFERENCE}.sql`
    const text = readFileSync(join(project.dir, file), 'utf8')
    const settings = '-- only: 22:00-06:00 Europe/Berlin\n-- throttle: waiters soft=2 hard=20\n'
    project.write(file, text.replace(/(?=-- phase: backfill)/i, settings))
    const { units } = await library.runPlan({ ...options, phase: 'backfill' })
    expect(units).toMatchObject([
      { pace: { batchTime: 250, maxRowsPerSecond: 5000, only: ['22:00-06:00 Europe/Berlin'] } },
    ])
    expect(units[0]?.pace?.signals).toEqual(
      expect.arrayContaining([
        { name: 'sessions waiting for our locks', unit: 'count', limits: { soft: 2, hard: 20 } },
        { name: 'replica lag', unit: 'ms', limits: { soft: null, hard: 60_000 } },
        { name: 'check http://freno/check', unit: 'count', limits: { soft: null, hard: 1 } },
      ]),
    )
    const printed = await runCli(project, ['plan', 'backfill'], { env: environment(db) })
    expect(printed.stdout).toContain(
      'pace: batches of 250 ms, at most 5,000 rows/s a process, only 22:00-06:00 Europe/Berlin',
    )
    expect(printed.stdout).toContain(
      'slower at / waits at: sessions waiting for our locks 2 / 20, replica lag - / 60 s',
    )
    expect(printed.stdout + printed.stderr + JSON.stringify(units)).not.toContain('not-to-be-shown')
  })

  test('status says what is pending, without a journal too, and --check exits by it', async () => {
    const { db, options, project } = await started()
    const check = async (...args: string[]): Promise<number | null> => {
      const result = await runCli(project, ['status', '--check', ...args], { env: environment(db) })
      expect(result.code, said(result)).not.toBe(1)
      return result.code
    }
    expect((await library.runStatus(options)).counts).toEqual({ expand: 1, backfill: 1, contract: 1 })
    await library.runManifest({ ...options, app: 'api', build: '1', out: join(project.dir, 'manifest.json') })
    expect(await check('--manifest', 'manifest.json')).toBe(4)
    await applied(library.runExpand(options))
    await applied(library.runBackfill(options))
    expect((await library.runStatus(options)).counts).toEqual({ expand: 0, backfill: 0, contract: 1 })
    expect(await check('--manifest', 'manifest.json')).toBe(0)
    expect(await check('--all')).toBe(4)
  })

  test('a contract waits for the code and for an approval, and a closed gate can be deferred', async () => {
    const { db, options, project } = await started(referenceProject(wordsOf(server), 'SQL'))
    const contract = { ...options, confirm: db.name }
    const unit = { ...options, unit: 'email_verified:contract', reason: 'test' }
    const file = `phasegate/${REFERENCE}.sql`
    const asNew = readFileSync(join(project.dir, file), 'utf8')
    project.write(file, asNew.replace('app-uses: new', 'app-uses: both'))
    await applied(library.runExpand(options))
    await applied(library.runBackfill(options))
    await library.runApprove(unit)
    expect(await library.runContract(contract)).toMatchObject({
      exit: 3,
      units: [{ outcome: 'held', reason: expect.stringContaining('appUses') }],
    })
    expect(await library.runContract({ ...contract, defer: true })).toMatchObject({ exit: 0 })
    expect(await columns(db)).toEqual(['email_verified'])

    // appUses is no part of the fingerprint, so that the approval still counts.
    project.write(file, asNew)
    expect(await library.runGate({ ...options, unit: unit.unit })).toMatchObject([{ state: 'open' }])
    await library.runRevoke(unit)
    expect(await library.runContract(contract)).toMatchObject({ exit: 3 })
    await library.runApprove(unit)
    await applied(library.runContract(contract))
    expect(await columnsOf(db, 'users')).not.toContain('verified_at')

    project.write(file, asNew.replace('app-uses: new', 'app-uses: both'))
    expect(await codeOf(library.runExpand(options))).toBe('BUILD.USES_OLD')
  })

  test('an applied file that changed is drift; a failed one may be edited where nothing was done', async () => {
    const { db, options, project } = await started(
      createProject({ [MORE]: `${add('a')}ALTER TABLE nothing ADD COLUMN b int;\n` }),
    )
    expect(await library.runExpand(options)).toMatchObject({
      exit: 9,
      units: [{ outcome: 'failed', error: { code: 'DATABASE.STATEMENT' } }],
    })
    project.write(MORE, `${add('z')}ALTER TABLE users ADD COLUMN b int;\n`)
    expect(await library.runExpand(options), 'its first step stands').toMatchObject({ exit: 7 })
    project.write(MORE, `${add('a')}ALTER TABLE users ADD COLUMN b int;\n`)
    await applied(library.runExpand(options))
    expect(await columns(db)).toEqual(['a', 'b'])

    project.write(MORE, `-- words\n${add('a')}ALTER TABLE users\n  ADD COLUMN b int;\n`)
    await applied(library.runExpand(options))
    project.write(MORE, `${add('a')}ALTER TABLE users ADD COLUMN b bigint;\n`)
    expect(await library.runExpand(options)).toMatchObject({ exit: 7, units: [{ outcome: 'drift' }] })
  })
})
