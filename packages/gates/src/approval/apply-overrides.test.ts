import type { GateCheck } from '@phasegate/core'
import { describe, expect, it } from 'vitest'
import { approvalRecord, context, NOW } from '../gate-fixtures.test.support.js'
import { applyOverrides } from './apply-overrides.js'

const closed: GateCheck = { name: 'soak(7d)', state: 'closed', reason: 'opens in 6d', observedAt: NOW }
const override = (change: Parameters<typeof approvalRecord>[0] = {}) =>
  approvalRecord({ kind: 'override', gate: 'soak(7d)', reason: 'incident 7', ...change })
const apply = (checks: GateCheck[], approvals: ReturnType<typeof override>[], taken?: string[]) => {
  const { snapshot, unit } = context({ approvals })
  return applyOverrides(checks, snapshot, unit, taken)
}

describe('applyOverrides', () => {
  it('opens the gate that it names, says so, and says which was used', () => {
    const given = override({ expiresAt: '2026-11-22T14:00:00.000Z' })
    const { checks, used } = apply([closed, { ...closed, name: 'approval' }], [given])
    expect(checks[0]).toMatchObject({
      state: 'open',
      reason: 'overridden by Ann: incident 7 (was closed: opens in 6d)',
      expiresAt: '2026-11-22T14:00:00.000Z',
    })
    expect(checks[1]?.state).toBe('closed')
    expect(used).toEqual([given.id])
  })

  it.each([
    ['used', { usedAt: NOW }],
    ['expired', { expiresAt: NOW }],
    ['revoked', { revokedAt: NOW }],
    ['of another version', { fingerprint: '1:other' }],
    ['of another phase', { phase: 'backfill' as const }],
    ['of another gate', { gate: 'soak(8d)' }],
    ['an approval', { kind: 'approval' as const }],
  ])('does not use one that is %s', (_what, change) => {
    expect(apply([closed], [override(change)])).toEqual({ checks: [closed], used: [] })
  })

  it('opens one gate with one override', () => {
    const { checks, used } = apply([closed, closed], [override()])
    expect(checks.map((check) => check.state)).toEqual(['open', 'closed'])
    expect(used).toHaveLength(1)
  })

  it('spends nothing on a gate that is open', () => {
    expect(apply([{ ...closed, state: 'open' }], [override()]).used).toEqual([])
  })

  it('still holds for the run that used it, unless it was revoked meanwhile', () => {
    const spent = override({ usedAt: NOW, expiresAt: NOW })
    expect(apply([closed], [spent], [spent.id]).checks[0]?.state).toBe('open')
    expect(apply([closed], [{ ...spent, revokedAt: NOW }], [spent.id]).checks[0]?.state).toBe('closed')
  })
})
