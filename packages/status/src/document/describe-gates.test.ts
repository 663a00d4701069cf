import type { ApprovalRecord, GateCheck, JournalSnapshot } from '@phasegate/core'
import { describe, expect, it } from 'vitest'
import { describeGate } from './describe-gates.js'

const UNIT = { migration: 'm', phase: 'contract' } as const
const NOW = Date.parse('2026-11-22T10:00:00Z')
const check = (name: string, state: GateCheck['state'], expiresAt?: string): GateCheck => ({
  name,
  state,
  reason: 'because',
  observedAt: '2026-11-22T09:00:00Z',
  ...(expiresAt === undefined ? {} : { expiresAt }),
})
const override = (fields: Partial<ApprovalRecord>): ApprovalRecord => ({
  ...UNIT,
  id: '1',
  kind: 'override',
  gate: 'soak',
  actor: { by: 'ann', through: { role: 'deploy' } },
  reason: 'tested',
  fingerprint: '1:a',
  at: '2026-11-22T09:00:00Z',
  expiresAt: null,
  revokedAt: null,
  usedAt: null,
  ...fields,
})
const stateOf = (checks: GateCheck[], approvals: ApprovalRecord[] = []): string =>
  describeGate(
    { evidence: checks.map((one) => ({ ...UNIT, check: one })), approvals } as unknown as JournalSnapshot,
    'm:contract',
    NOW,
  ).state

describe('the state of a gate by recorded evidence', () => {
  it('is unknown where nothing was asked', () => expect(stateOf([])).toBe('unknown'))
  it('is open when every check is', () =>
    expect(stateOf([check('soak', 'open'), check('approval', 'open')])).toBe('open'))
  it('is closed when one check is', () =>
    expect(stateOf([check('soak', 'closed'), check('b', 'unknown')])).toBe('closed'))
  it('is unknown once evidence has expired, by the clock of the database', () => {
    expect(stateOf([check('soak', 'open', '2026-11-22T10:00:00.000Z')])).toBe('unknown')
    expect(stateOf([check('soak', 'open', '2026-11-22T10:00:00.001Z')])).toBe('open')
  })
  it('is open by an override of that very gate that still counts', () => {
    const closed = [check('soak', 'closed')]
    expect(stateOf(closed, [override({})])).toBe('open')
    expect(stateOf(closed, [override({ gate: 'approval' })])).toBe('closed')
    expect(stateOf(closed, [override({ usedAt: '2026-11-22T09:30:00Z' })])).toBe('closed')
    expect(stateOf(closed, [override({ revokedAt: '2026-11-22T09:30:00Z' })])).toBe('closed')
    expect(stateOf(closed, [override({ expiresAt: '2026-11-22T09:30:00Z' })])).toBe('closed')
    expect(stateOf(closed, [override({ kind: 'approval' })])).toBe('closed')
  })
  it('says for whom an approval is, and no gate', () => {
    const approvals = [override({ kind: 'approval', gate: 'application billing' }), override({})]
    const view = describeGate({ evidence: [], approvals } as unknown as JournalSnapshot, 'm:contract', NOW)
    expect(view.approvals).toMatchObject([{ gate: null, client: 'application billing' }])
    expect(view.overrides).toMatchObject([{ gate: 'soak', client: null }])
  })
})
