import { describe, expect, it } from 'vitest'
import { approvalRecord, context } from '../gate-fixtures.test.support.js'
import { approval } from './approval.js'

describe('approval', () => {
  it('is closed without one, and says the command', async () => {
    expect(await approval().check(context())).toMatchObject({
      name: 'approval',
      state: 'closed',
      reason: '0 of 1 approvals; phasegate approve m:contract --reason …',
    })
  })

  it('opens with one, and says whose', async () => {
    expect(await approval().check(context({ approvals: [approvalRecord()] }))).toMatchObject({
      state: 'open',
      reason: 'approved by Ann (ciActor ann): all is rolled out',
    })
  })

  it.each([
    ['revoked', { revokedAt: '2026-11-22T11:30:00.000Z' }],
    ['expired', { expiresAt: '2026-11-22T12:00:00.000Z' }],
    ['with an expiry nobody can read', { expiresAt: 'soon' }],
    ['of another version of the unit', { fingerprint: '1:other' }],
    ['of another phase', { phase: 'backfill' as const }],
    ['of another migration', { migration: 'n' }],
    ['for one client alone', { gate: 'application billing' }],
    ['an override', { kind: 'override' as const, gate: 'approval' }],
  ])('does not count one that is %s', async (_what, change) => {
    const check = await approval().check(context({ approvals: [approvalRecord(change)] }))
    expect(check.state).toBe('closed')
  })

  it('counts two people by how they came, never by the names they gave', async () => {
    const two = approval({ count: 2 })
    const same = [approvalRecord({ actor: { by: 'Ann', through: { databaseRole: 'ops' } } })]
    const renamed = approvalRecord({ actor: { by: 'Bob', through: { databaseRole: 'ops', host: 'other' } } })
    expect((await two.check(context({ approvals: [...same, renamed] }))).state).toBe('closed')
    const other = approvalRecord({ actor: { by: 'Ann', through: { databaseRole: 'dba' } } })
    expect(await two.check(context({ approvals: [...same, other] }))).toMatchObject({
      name: 'approval(2)',
      state: 'open',
    })
  })

  it('takes the surest of several ways: two CI actors behind one database role are two', async () => {
    const approvals = ['ann', 'bob'].map((ciActor) => approvalRecord({ through: { databaseRole: 'deploy', ciActor } }))
    expect((await approval({ count: 2 }).check(context({ approvals }))).state).toBe('open')
  })

  it('counts one person who comes through two channels once', async () => {
    const two = approval({ count: 2 })
    const ask = async (...through: Record<string, string>[]) =>
      (await two.check(context({ approvals: through.map((one) => approvalRecord({ through: one })) }))).state
    expect(await ask({ ciActor: 'ann' }, { databaseRole: 'ann' })).toBe('closed')
    expect(await ask({ ciActor: 'ann', databaseRole: 'deploy' }, { databaseRole: 'ann' })).toBe('closed')
    expect(await ask({ ciActor: 'ann', databaseRole: 'deploy' }, { ciActor: 'bob', databaseRole: 'deploy' })).toBe(
      'open',
    )
    expect(await ask({ ciActor: 'ann' }, { token: 'phone' })).toBe('closed')
    expect(await ask({ ciActor: 'ann', token: 'a' }, { ciActor: 'ann', token: 'b' })).toBe('closed')
    expect(await ask({ ciActor: 'ann', token: 'a' }, { ciActor: 'bob', token: 'a' })).toBe('closed')
    expect(await ask({ ciActor: 'ann' }, { databaseRole: 'dba' }, { ciActor: 'bob' })).toBe('open')
    expect(await ask({ token: 'a' }, { token: 'b' })).toBe('open')
    expect(await ask({ ciActor: 'ann' }, { ciActor: 'ann', host: 'other' })).toBe('closed')
  })

  it('takes all that came through nothing known for one', async () => {
    const approvals = ['a', 'b'].map((host) => approvalRecord({ through: { host } }))
    expect((await approval({ count: 2 }).check(context({ approvals }))).state).toBe('closed')
    expect((await approval().check(context({ approvals }))).state).toBe('open')
  })

  it('lets approvals age, and says until when enough of them count', async () => {
    const gate = approval({ count: 2, expires: '2h' })
    const young = approvalRecord({ at: '2026-11-22T11:30:00.000Z' })
    const older = approvalRecord({ at: '2026-11-22T10:30:00.000Z', through: { ciActor: 'bob' } })
    const old = approvalRecord({ at: '2026-11-22T10:00:00.000Z', through: { ciActor: 'bob' } })
    expect(await gate.check(context({ approvals: [older, young] }))).toMatchObject({
      name: 'approval(2, 2h)',
      state: 'open',
      expiresAt: '2026-11-22T12:30:00.000Z',
    })
    expect((await gate.check(context({ approvals: [old, young] }))).state).toBe('closed')
  })

  it('refuses a count that makes no sense', () => {
    for (const count of [0, -1, 1.5, Number.NaN]) {
      expect(() => approval({ count })).toThrow(expect.objectContaining({ code: 'GATE.COUNT', exit: 2 }))
    }
    expect(() => approval({ expires: 'a while' })).toThrow(expect.objectContaining({ code: 'GATE.DURATION' }))
  })
})
