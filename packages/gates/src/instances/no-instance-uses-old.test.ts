import type { Application, Clients } from '@phasegate/core'
import { describe, expect, it } from 'vitest'
import { approvalRecord, build, context, instance, NOW, type Situation } from '../gate-fixtures.test.support.js'
import { noInstanceUsesOld } from './no-instance-uses-old.js'

const HOUR = 3_600_000
const ago = (ms: number): string => new Date(Date.parse(NOW) - ms).toISOString()
const application = (name: string, change: Partial<Application> = {}): Application => ({
  name,
  reports: true,
  seenEvery: HOUR,
  roles: [],
  ...change,
})
const clients = (...applications: Application[]): Clients => ({ applications, ignoredRoles: ['backup'] })
const since = { firstSeen: ago(48 * HOUR) }
const young = { ...build('api', { m: 'new' }), ...since }
const old = { ...build('api', { m: 'both' }), digest: 'old', ...since, lastSeen: ago(2 * HOUR) }
const ask = (situation: Situation) => noInstanceUsesOld().check(context(situation))
const proven: Situation = { clients: clients(application('api')), builds: [young, old], live: [instance(young)] }

describe('noInstanceUsesOld', () => {
  it('opens when all that lives uses the new shape, and says until when that counts', async () => {
    expect(await ask(proven)).toMatchObject({
      state: 'open',
      reason: `the last build of api that uses the old shape was seen at ${ago(2 * HOUR)}, longer ago than 1h`,
      expiresAt: '2026-11-22T12:03:00.000Z',
    })
  })

  it.each([
    ['says both', build('api', { m: 'both' })],
    ['says old', build('api', { m: 'old' })],
    ['does not know the migration', build('api', {})],
    ['is of an application that no config names', build('legacy', { m: 'old' })],
  ])('is closed while an instance lives whose build %s, and names it', async (_, other) => {
    const some = { ...other, digest: 'other' }
    const check = await ask({ ...proven, builds: [young, some], live: [instance(young), instance(some)] })
    expect(check).toMatchObject({ state: 'closed', observed: '1 of 2 live instances' })
    expect(check.reason).toContain(`${other.application} pod-1`)
  })

  it('counts one that is draining, and one that no snapshot knows', async () => {
    const draining = instance(old, { draining: true })
    expect(await ask({ ...proven, live: [draining] })).toMatchObject({
      state: 'closed',
      reason: expect.stringContaining('draining'),
    })
    expect((await ask({ ...proven, builds: [young], live: [instance(old)] })).state).toBe('closed')
  })

  it('asks only whom the migration concerns', async () => {
    const other = { ...build('worker', { m: 'old' }), ...since }
    const situation = { ...proven, builds: [young, other], live: [instance(other)] }
    expect((await ask(situation)).state).toBe('closed')
    expect((await ask({ ...situation, migration: { applications: ['api'] } })).state).toBe('open')
  })

  it('waits for the quiet time of the application since the last old build was seen', async () => {
    const at = async (seenEvery: number) => ask({ ...proven, clients: clients(application('api', { seenEvery })) })
    expect((await at(2 * HOUR)).state).toBe('open')
    expect(await at(25 * HOUR)).toMatchObject({
      state: 'closed',
      reason: expect.stringContaining(`opens it at ${ago(-23 * HOUR)}`),
    })
  })

  it('waits for the quiet time since the application began to report, too', async () => {
    const fresh = { ...young, firstSeen: ago(HOUR / 2) }
    expect(await ask({ ...proven, builds: [fresh], live: [instance(fresh)] })).toMatchObject({
      state: 'closed',
      reason: expect.stringContaining('api reports since'),
    })
  })

  it('holds where a time cannot be read', async () => {
    expect((await ask({ ...proven, builds: [{ ...young, firstSeen: 'never' }] })).state).toBe('closed')
  })

  it('is unknown while an application has never reported or does not, and says what would open it', async () => {
    const silent = await ask({ ...proven, clients: clients(application('api'), application('worker')) })
    expect(silent).toMatchObject({ state: 'unknown', reason: expect.stringMatching(/worker has never.*register\(\)/) })
    const mute = await ask({
      ...proven,
      clients: clients(application('api'), application('billing', { reports: false })),
    })
    expect(mute).toMatchObject({
      state: 'unknown',
      reason: expect.stringMatching(/billing does not.*phasegate approve m:contract/),
    })
  })

  it('is unknown while a session is there that no instance covers', async () => {
    const session = { role: 'app', client: '10.0.0.9', name: 'psql', count: 2 }
    expect(await ask({ ...proven, sessions: [session] })).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('2 of app from 10.0.0.9 (psql)'),
    })
    for (const known of [
      { ...session, client: '10.0.0.1' },
      { ...session, role: 'backup' },
    ])
      expect((await ask({ ...proven, sessions: [known] })).state, JSON.stringify(known)).toBe('open')
  })

  it('leaves sessions alone of an application that answers otherwise or is not concerned, not of one that reports', async () => {
    const sessions = [{ role: 'own', client: '10.0.0.9', name: '', count: 1 }]
    const roles = ['own']
    const of = (change: Partial<Application>) => clients(application('api'), application('other', { roles, ...change }))
    const about = { migration: { applications: ['api'] } }
    expect((await ask({ ...proven, ...about, sessions, clients: of({}) })).state).toBe('open')
    const mute = await ask({ ...proven, sessions, clients: of({ reports: false }) })
    expect(mute.reason).not.toContain('sessions')
    const reporting = clients(application('api', { roles }))
    expect((await ask({ ...proven, sessions, clients: reporting })).state).toBe('unknown')
  })

  it('is unknown where it may not see who is connected', async () => {
    expect(await ask({ ...proven, hidden: 'sessions of others' })).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('may not see sessions of others'),
    })
  })

  it('is opened by an approval where it is unknown, never where it is closed', async () => {
    const approvals = [approvalRecord({ expiresAt: '2026-11-22T12:01:00.000Z' })]
    const silent = { ...proven, approvals, clients: clients(application('api'), application('worker')) }
    expect(await ask(silent)).toMatchObject({
      state: 'open',
      reason: expect.stringMatching(/^approved by Ann .*not proven: .*worker has never/),
      expiresAt: '2026-11-22T12:01:00.000Z',
    })
    expect((await ask({ ...silent, live: [instance(old)] })).state).toBe('closed')
    expect((await ask({ ...silent, builds: [young, { ...old, lastSeen: NOW }] })).state).toBe('closed')
    expect((await ask({ ...silent, approvals: [approvalRecord({ fingerprint: '1:other' })] })).state).toBe('unknown')
  })

  it('is opened of one client alone by an approval for it, and by no other', async () => {
    const mute = clients(application('api'), application('billing', { reports: false }))
    const asked = async (gate: string, change: Situation = {}) =>
      ask({ ...proven, clients: mute, approvals: [approvalRecord({ gate })], ...change })
    expect(await asked('application billing')).toMatchObject({
      state: 'open',
      reason: expect.stringMatching(
        /approved by Ann \(ciActor ann\) for application billing: .*not proven: billing does not report/,
      ),
    })
    for (const other of ['application api', 'role billing', 'application billing2', 'noInstanceUsesOld'])
      expect((await asked(other)).state, other).toBe('unknown')

    const worker = application('worker')
    const two = { clients: { ...mute, applications: [...mute.applications, worker] } }
    expect(await asked('application billing', two)).toMatchObject({
      state: 'unknown',
      reason: expect.stringMatching(/^worker has never reported.* of one client alone with --application worker$/),
    })
    const both = ['application billing', 'application worker'].map((gate) => approvalRecord({ gate }))
    expect((await asked('', { ...two, approvals: both })).state).toBe('open')
    const quietTimeLeft = { builds: [young, { ...old, lastSeen: NOW }] }
    expect((await asked('application api', quietTimeLeft)).state).toBe('closed')
    expect((await asked('application billing', { live: [instance(old)] })).state).toBe('closed')
  })

  it('counts an approval for one client until it ends, is revoked, or the unit is another', async () => {
    const mute = clients(application('api'), application('billing', { reports: false }))
    const asked = async (change: Parameters<typeof approvalRecord>[0]) =>
      ask({ ...proven, clients: mute, approvals: [approvalRecord({ gate: 'application billing', ...change })] })
    expect((await asked({ expiresAt: '2026-11-22T12:01:00.000Z' })).expiresAt).toBe('2026-11-22T12:01:00.000Z')
    expect((await asked({ expiresAt: NOW })).state).toBe('unknown')
    expect((await asked({ revokedAt: NOW })).state).toBe('unknown')
    expect((await asked({ fingerprint: '1:other' })).state).toBe('unknown')
    expect((await asked({ kind: 'override' })).state).toBe('unknown')
  })

  it('takes an approval for a role, or for the application that alone has it, for the sessions of that role', async () => {
    const sessions = ['app', 'reports'].map((role) => ({ role, client: '10.0.0.9', name: '', count: 1 }))
    const named = clients(application('api', { roles: ['reports'] }))
    const asked = async (gates: readonly string[], change: Situation = {}) => {
      const approvals = gates.map((gate) => approvalRecord({ gate }))
      return (await ask({ ...proven, sessions, clients: named, approvals, ...change })).state
    }
    expect(await asked(['role reports'])).toBe('unknown')
    expect(await asked(['role reports', 'role app'])).toBe('open')
    expect(await asked(['application api', 'role app'])).toBe('open')
    const shared = clients(application('api', { roles: ['reports'] }), application('x', { roles: ['reports'] }))
    const all = ['application api', 'application x', 'role app']
    expect(await asked(all, { clients: shared })).toBe('unknown')
    expect(await asked(['role reports', 'role app'], { hidden: 'sessions of others' })).toBe('unknown')
  })

  it('without applications in the config leaves it to the approval, unless something is known to use it', async () => {
    expect((await ask({ builds: [young], live: [instance(young)] })).state).toBe('open')
    expect((await ask({ builds: [old], live: [instance(old)] })).state).toBe('closed')
  })
})
