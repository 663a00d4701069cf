import type { CompiledStep, Journal, Session, UnitId } from '@phasegate/core'
import { expect, onTestFinished, test } from 'vitest'
import { createMysqlJournal } from '../../packages/mysql/src/journal/mysql-journal.js'
import { connectionSettings } from '../../packages/mysql/src/session/connection-settings.js'
import { openMysqlSession } from '../../packages/mysql/src/session/mysql-session.js'
import { createPostgresJournal } from '../../packages/postgres/src/journal/postgres-journal.js'
import { openPostgresSession } from '../../packages/postgres/src/session/postgres-session.js'
import {
  type AnyDatabase,
  type AnyServer,
  createDatabase,
  describeOnEveryServer,
  type Family,
} from '../support/servers.js'

const mysqlSession = (url: string): Promise<Session> =>
  openMysqlSession({ settings: connectionSettings(url), programName: 'phasegate', connectTimeout: 5000 })

interface Kind {
  journal(): Journal
  open(url: string): Promise<Session>
  /** A table of ours, as statements name it. */
  table(name: string): string
}

const ON_MYSQL: Kind = { journal: createMysqlJournal, open: mysqlSession, table: (name) => `phasegate_${name}` }
const KINDS: Readonly<Record<Family, Kind>> = {
  postgres: {
    journal: createPostgresJournal,
    open: (url) =>
      openPostgresSession({ settings: { connectionString: url }, applicationName: 'phasegate', connectTimeout: 5000 }),
    table: (name) => `phasegate.${name}`,
  },
  mysql: ON_MYSQL,
  mariadb: ON_MYSQL,
}

const ann = { by: 'ann', through: { host: 'ci' } }
const expand: UnitId = { migration: '20261122_é😀', phase: 'expand' }
const contract: UnitId = { migration: '20261122_é😀', phase: 'contract' }

const step = (statement: string, opaque = false): CompiledStep =>
  ({
    statement,
    written: `written ${statement}`,
    execution: { mode: 'alone', timeouts: 'short', probe: 'SELECT 1' },
    facts: { lock: 'EXCLUSIVE' },
    destroys: ['users.name'],
    allows: [],
    where: { file: 'a.sql' },
    ...(opaque ? { run: async () => {} } : {}),
  }) as unknown as CompiledStep

interface Opened {
  readonly database: AnyDatabase
  readonly journal: Journal
  readonly session: Session
  open(): Promise<Session>
  table(name: string): string
}

async function withJournal(server: AnyServer): Promise<Opened> {
  const database = await createDatabase(server)
  const { journal: create, open, table } = KINDS[server.family]
  const openSession = async (): Promise<Session> => {
    const session = await open(database.url)
    onTestFinished(() => session.close())
    return session
  }
  const [journal, session] = [create(), await openSession()]
  await journal.ensure(session, [])
  return { database, journal, session, open: openSession, table }
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

describeOnEveryServer('the journal', (server) => {
  test('is created once, and stays the same one', async () => {
    const { journal, session } = await withJournal(server)
    const { target, version } = await journal.read(session)
    await journal.ensure(session, [])
    expect(await journal.read(session)).toMatchObject({ target, version, exists: true, database: expect.any(String) })
    expect(version).toBe(4)
  })

  test('of a later version is left alone', async () => {
    const { journal, session, database, table } = await withJournal(server)
    await database.query(`UPDATE ${table('journal')} SET version = 5`)
    await expect(journal.ensure(session, [])).rejects.toMatchObject({ code: 'JOURNAL.NEWER' })
    expect((await journal.read(session)).version).toBe(5)
  })

  test('counts the attempts of a unit and keeps what it knew of it', async () => {
    const { journal, session, open } = await withJournal(server)
    const start = { unit: expand, fingerprint: '1:a', actor: ann, backend: session.backend, state: 'running' as const }
    await journal.startUnit(session, { ...start, detail: { one: { a: 1, b: 2 }, two: null, four: [1] } })
    const [first] = (await journal.read(session)).units
    expect(first).toEqual({
      ...expand,
      state: 'running',
      fingerprint: '1:a',
      attempts: 1,
      actor: ann,
      since: expect.stringMatching(ISO),
      startedAt: expect.stringMatching(ISO),
      finishedAt: null,
      error: null,
      request: null,
      pointOfNoReturn: false,
      detail: { one: { a: 1, b: 2 }, two: null, four: [1] },
      progress: null,
    })

    const other = await open()
    await journal.startUnit(other, {
      ...start,
      fingerprint: '1:b',
      backend: other.backend,
      detail: { one: { c: null }, 'a "quoted" $key.': 'é😀\n' },
    })
    const [again] = (await journal.read(session)).units
    expect(again).toMatchObject({ attempts: 2, fingerprint: '1:b', since: first?.since, startedAt: first?.startedAt })
    expect(again?.detail).toEqual({ one: { c: null }, two: null, four: [1], 'a "quoted" $key.': 'é😀\n' })

    await session.close()
    expect((await journal.read(other)).units[0], 'the newer session is the one that counts').toMatchObject({
      state: 'running',
    })
  })

  test('follows a unit from state to state', async () => {
    const { journal, session } = await withJournal(server)
    const unit = async () => (await journal.read(session)).units[0]
    const start = { unit: expand, fingerprint: '1:a', actor: ann, backend: session.backend, state: 'running' as const }
    await journal.startUnit(session, { ...start, detail: { kept: true, changed: { a: 1 } } })
    const running = await unit()
    await journal.changeUnit(session, expand, { state: 'running', detail: { changed: { b: null } } }, ann)
    expect(await unit()).toMatchObject({ since: running?.since, finishedAt: null })
    expect((await unit())?.detail).toEqual({ kept: true, changed: { b: null } })

    await journal.request(session, expand, { action: 'pause', now: true }, ann)
    const error = { code: 'A.B', message: 'it is "broken"', next: ['é😀'] }
    await journal.changeUnit(session, expand, { state: 'failed', error, pointOfNoReturn: true }, ann)
    const failed = await unit()
    expect(failed).toMatchObject({
      state: 'failed',
      error,
      pointOfNoReturn: true,
      finishedAt: null,
      request: { action: 'pause', now: true },
    })
    expect(failed?.since && running?.since && failed.since > running.since).toBe(true)

    await journal.changeUnit(session, expand, { state: 'paused' }, ann)
    expect(await unit(), 'what was asked for was carried out').toMatchObject({
      error,
      request: null,
      pointOfNoReturn: true,
    })
    await journal.changeUnit(session, expand, { state: 'applied', error: null, pointOfNoReturn: false }, ann)

    expect(await unit()).toMatchObject({
      state: 'applied',
      error: null,
      pointOfNoReturn: false,
      finishedAt: expect.stringMatching(ISO),
    })

    await journal.changeUnit(session, expand, { state: 'reverted' }, ann)
    expect((await unit())?.finishedAt).toMatch(ISO)
    await journal.startUnit(session, start)
    const anew = await unit()
    expect(anew).toMatchObject({ state: 'running', attempts: 2, finishedAt: null })
    expect(anew?.startedAt && running?.startedAt && anew.startedAt > running.startedAt).toBe(true)
  })

  test('freezes steps, and replaces those that are not begun', async () => {
    const { journal, session } = await withJournal(server)
    await journal.freezeSteps(session, expand, 'apply', 0, [step('ALTER 1'), step('ALTER 2'), step('ALTER 3', true)])
    await journal.freezeSteps(session, expand, 'revert', 0, [step('UNDO 1')])
    const frozen = await journal.steps(session, expand, 'apply')
    expect(frozen.map(({ position, statement, opaque }) => [position, statement, opaque])).toEqual([
      [0, 'ALTER 1', false],
      [1, 'ALTER 2', false],
      [2, 'ALTER 3', true],
    ])
    expect(frozen[0]).toEqual({
      position: 0,
      statement: 'ALTER 1',
      hash: expect.stringMatching(/\w{16}/),
      written: 'written ALTER 1',
      execution: { mode: 'alone', timeouts: 'short', probe: 'SELECT 1' },
      lock: 'EXCLUSIVE',
      destroys: ['users.name'],
      opaque: false,
      state: 'pending',
      found: false,
      run: null,
      backend: null,
    })
    await journal.freezeSteps(session, expand, 'apply', 1, [step('ALTER é😀')])
    expect((await journal.steps(session, expand, 'apply')).map(({ statement }) => statement)).toEqual([
      'ALTER 1',
      'ALTER é😀',
    ])
    await journal.forgetSteps(session, expand)
    expect(await journal.steps(session, expand, 'apply')).toEqual([])
    expect(await journal.steps(session, expand, 'revert')).toEqual([])
  })

  test('marks a step once: one that is done takes the transaction of a second marker down', async () => {
    const { journal, session, open, database } = await withJournal(server)
    await journal.freezeSteps(session, expand, 'apply', 0, [step('ALTER 1'), step('ALTER 2')])
    await journal.markStep(session, expand, 'apply', 0, 'started')
    await journal.markStep(session, expand, 'apply', 0, 'started')
    expect((await journal.steps(session, expand, 'apply'))[0]).toMatchObject({
      state: 'started',
      backend: session.backend,
    })
    await journal.markStep(session, expand, 'apply', 0, 'pending')
    expect((await journal.steps(session, expand, 'apply'))[0]).toMatchObject({ state: 'pending', backend: null })
    await journal.markStep(session, expand, 'apply', 1, 'done', true)
    expect((await journal.steps(session, expand, 'apply'))[1]).toMatchObject({ state: 'done', found: true })

    await journal.markStep(session, expand, 'apply', 0, 'done')
    await database.query('CREATE TABLE changed (id INT PRIMARY KEY)')
    const other = await open()
    const second = other.transaction({ lockTimeout: 5000, statementTimeout: 5000 }, async () => {
      await other.query('INSERT INTO changed (id) VALUES (1)')
      await journal.markStep(other, expand, 'apply', 0, 'done')
    })
    await expect(second).rejects.toThrow('not ours to mark')
    expect(await database.query('SELECT id FROM changed')).toEqual([])
    for (const state of ['pending', 'started', 'done'] as const)
      await expect(journal.markStep(session, expand, 'apply', 0, state)).rejects.toThrow('not ours to mark')
    await expect(journal.markStep(session, expand, 'apply', 7, 'done')).rejects.toThrow('not ours to mark')
  })

  test('keeps evidence, and gives the latest of each gate with its times', async () => {
    const { journal, session, database, table } = await withJournal(server)
    const check = (name: string, reason: string, expiresAt?: string) => ({
      name,
      state: 'open' as const,
      reason,
      observedAt: '2026-11-22T09:30:00.123456Z',
      ...(expiresAt === undefined ? {} : { expiresAt }),
    })
    await journal.recordEvidence(session, contract, [check('soak', 'early'), check('approval', 'given')] as never)
    await journal.recordEvidence(session, contract, [check('soak', 'late', '2026-11-23T12:00:00+02:00')] as never)
    expect((await journal.read(session)).evidence).toEqual([
      { ...contract, check: check('approval', 'given') },
      { ...contract, check: check('soak', 'late', '2026-11-23T12:00:00+02:00') },
    ])
    const [row] = await database.query(
      `SELECT observed_at, expires_at, COUNT(*) OVER () AS n FROM ${table('evidence')} ORDER BY id DESC LIMIT 1`,
    )
    const asUtc = (value: unknown): string =>
      new Date(value instanceof Date ? value : `${String(value).replace(' ', 'T')}Z`).toISOString()
    expect([asUtc(row?.observed_at), asUtc(row?.expires_at)]).toEqual([
      '2026-11-22T09:30:00.123Z',
      '2026-11-23T10:00:00.000Z',
    ])
    expect(Number(row?.n)).toBe(3)
  })

  test('keeps approvals with what the server knows of who gave them, until they are revoked, used or expire', async () => {
    const { journal, session, database, table } = await withJournal(server)
    const approval = {
      unit: contract,
      kind: 'approval' as const,
      gate: null,
      actor: ann,
      reason: 'reviewed',
      fingerprint: '1:a',
      expiresIn: null,
    }
    const first = await journal.approve(session, approval)
    const hour = await journal.approve(session, { ...approval, kind: 'override', gate: 'soak', expiresIn: 3_600_000 })
    const past = await journal.approve(session, { ...approval, expiresIn: 0 })
    const used = await journal.approve(session, { ...approval, kind: 'override', gate: 'soak' })
    await journal.useOverride(session, used)
    const { approvals, now } = await journal.read(session)
    expect(approvals.map(({ id }) => id)).toEqual([first, hour, past, used])
    expect(approvals[0]).toMatchObject({
      ...contract,
      kind: 'approval',
      gate: null,
      reason: 'reviewed',
      fingerprint: '1:a',
      at: expect.stringMatching(ISO),
      expiresAt: null,
      revokedAt: null,
      usedAt: null,
    })
    expect(approvals[0]?.actor).toEqual({
      by: 'ann',
      through: { host: 'ci', databaseRole: expect.stringMatching(/./) },
    })
    expect(Date.parse(approvals[1]?.expiresAt ?? '') - Date.parse(approvals[1]?.at ?? '')).toBeCloseTo(3_600_000, -2)
    expect(approvals[2]?.expiresAt && approvals[2].expiresAt <= now).toBe(true)
    expect(approvals[3]?.usedAt).toMatch(ISO)

    // Used ones count while their unit is under way, and not before it began or after its end.
    expect(await journal.revoke(session, contract, ann, 'changed my mind')).toBe(2)
    const start = {
      unit: contract,
      fingerprint: '1:a',
      actor: ann,
      backend: session.backend,
      state: 'running' as const,
    }
    await journal.startUnit(session, start)
    expect(await journal.revoke(session, contract, ann, 'again')).toBe(1)
    expect(await journal.revoke(session, contract, ann, 'and again')).toBe(0)
    const revoked = (await journal.read(session)).approvals.filter(({ revokedAt }) => revokedAt !== null)
    expect(revoked.map(({ id }) => id)).toEqual([first, hour, used])
    const [row] = await database.query(`SELECT revoked_by FROM ${table('approval')} WHERE id = ${first}`)
    const revokedBy = typeof row?.revoked_by === 'string' ? JSON.parse(row.revoked_by) : row?.revoked_by
    expect(revokedBy).toEqual({ ...ann, reason: 'changed my mind' })
  })

  test('revokes the approvals for one client alone where that is asked, and with all of a unit those too', async () => {
    const { journal, session } = await withJournal(server)
    const approval = { unit: contract, actor: ann, reason: 'looked', fingerprint: '1:a', expiresIn: null } as const
    for (const gate of [null, 'application billing', 'application billing', 'role reports'])
      await journal.approve(session, { ...approval, kind: 'approval', gate })
    // An override of a gate that somebody has given such a name is none.
    await journal.approve(session, { ...approval, kind: 'override', gate: 'application billing' })
    expect(await journal.revoke(session, contract, ann, 'it reads it', 'application billing')).toBe(2)
    expect(await journal.revoke(session, contract, ann, 'it reads it', 'application billing')).toBe(0)
    expect(await journal.revoke(session, expand, ann, 'another unit')).toBe(0)
    const standing = (await journal.read(session)).approvals.filter(({ revokedAt }) => revokedAt === null)
    expect(standing.map(({ kind, gate }) => [kind, gate])).toEqual([
      ['approval', null],
      ['approval', 'role reports'],
      ['override', 'application billing'],
    ])
    expect(await journal.revoke(session, contract, ann, 'all of it')).toBe(3)
  })

  test('holds the target, takes requests back, and appends every transition to the events', async () => {
    const { journal, session, database, table } = await withJournal(server)
    const start = { unit: expand, fingerprint: '1:a', actor: ann, backend: session.backend, state: 'running' as const }
    await journal.startUnit(session, { ...start, detail: { steps: 2 } })
    await journal.hold(session, { reason: 'peak é😀' }, ann)
    expect((await journal.read(session)).held).toEqual({
      actor: ann,
      reason: 'peak é😀',
      at: expect.stringMatching(ISO),
    })
    await journal.hold(session, null, ann)
    expect((await journal.read(session)).held).toBeNull()
    await journal.request(session, expand, { action: 'cancel', now: false }, ann)
    await journal.request(session, expand, null, ann)
    expect((await journal.read(session)).units[0]?.request).toBeNull()
    await journal.changeUnit(
      session,
      expand,
      { state: 'failed', error: { code: 'A.B', message: 'm' } as never, detail: { a: null } },
      ann,
    )
    await journal.append(session, null, 'target.reset', { why: null }, ann)
    const rows = await database.query(`SELECT migration, phase, type, actor, detail FROM ${table('event')} ORDER BY id`)
    const json = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value)
    expect(rows.map((row) => [row.migration, row.phase, row.type, json(row.detail)])).toEqual([
      [expand.migration, 'expand', 'unit.running', { steps: 2 }],
      [null, null, 'target.held', { reason: 'peak é😀' }],
      [null, null, 'target.freed', {}],
      [expand.migration, 'expand', 'request.cancel', { action: 'cancel', now: false }],
      [expand.migration, 'expand', 'request.withdrawn', {}],
      [expand.migration, 'expand', 'unit.failed', { a: null, error: { code: 'A.B', message: 'm' } }],
      [null, null, 'target.reset', { why: null }],
    ])
    expect(rows.map((row) => json(row.actor))).toEqual(rows.map(() => ann))
  })

  test('says which app role is not there', async () => {
    const { journal, session } = await withJournal(server)
    await expect(journal.ensure(session, ['nobody_here'])).rejects.toMatchObject({
      code: 'CONFIG.APP_ROLE',
      message: expect.stringContaining('nobody_here'),
    })
  })
})
