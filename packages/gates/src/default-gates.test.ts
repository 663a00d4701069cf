import { type AppUsesDeclaration, allOf, UNIT_STATES, type UnitRecord } from '@phasegate/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkGates } from './check-gates.js'
import { defaultGates } from './default-gates.js'
import { approvalRecord, context, record } from './gate-fixtures.test.support.js'
import { gatesFor } from './gates-for.js'

const names = (...given: Parameters<typeof defaultGates>) => defaultGates(...given).map((gate) => gate.name)
const contract = defaultGates('contract', 'apply')

describe('defaultGates', () => {
  it('are those of the table', () => {
    expect(names('expand', 'apply')).toEqual([])
    expect(names('backfill', 'apply')).toEqual(['expandApplied', 'writersKnowBoth'])
    expect(names('contract', 'apply')).toEqual([
      'expandApplied',
      'backfillApplied',
      'appUsesNew',
      'approval',
      'noInstanceUsesOld',
      'backfillVerified',
    ])
    expect(names('contract', 'apply', { applications: [], ignoredRoles: [] })).toEqual([
      'expandApplied',
      'backfillApplied',
      'appUsesNew',
      'noInstanceUsesOld',
      'backfillVerified',
    ])
    expect(names('expand', 'revert')).toEqual(['contractPending', 'noBuildRequires'])
  })

  it('open contract when everything holds', async () => {
    expect((await checkGates(contract, context({ approvals: [approvalRecord()] }))).state).toBe('open')
  })
})

describe('the default gates of contract, in any situation', () => {
  const state = fc.constantFrom(...UNIT_STATES)
  const uses = fc.constantFrom<AppUsesDeclaration | undefined>(
    'old',
    'both',
    'new',
    { api: 'new' },
    { api: 'new', worker: 'both' },
    undefined,
  )
  const detail = fc.constantFrom<UnitRecord['detail']>(
    {},
    { verified: { mismatches: 0 } },
    { verified: { mismatches: 1 } },
  )
  const approvals = fc.constantFrom(
    [],
    [approvalRecord()],
    [approvalRecord({ revokedAt: '2026-11-22T11:30:00.000Z' })],
    [approvalRecord({ fingerprint: '1:other' })],
  )
  const good = { state: 'applied', verified: { verified: { mismatches: 0 } }, appUses: 'new' } as const
  const situation = fc.record({
    expand: fc.oneof({ weight: 3, arbitrary: fc.constant(good.state) }, state),
    backfill: fc.oneof({ weight: 3, arbitrary: fc.constant(good.state) }, state),
    detail: fc.oneof({ weight: 2, arbitrary: fc.constant(good.verified) }, detail),
    appUses: fc.oneof({ weight: 2, arbitrary: fc.constant(good.appUses) }, uses),
    approvals,
    mismatches: fc.constantFrom(0, 0, 0, 1),
  })

  it('open exactly when all of it is proven, and never with a gate that is closed or unknown', async () => {
    let opened = 0
    await fc.assert(
      fc.asyncProperty(situation, async (given) => {
        const units = [
          record('expand', { state: given.expand }),
          record('backfill', { state: given.backfill, detail: given.detail }),
        ]
        const answer = await checkGates(
          contract,
          context({
            migration: { appUses: given.appUses },
            units,
            approvals: given.approvals,
            mismatches: given.mismatches,
          }),
        )
        const approved = given.approvals.some((each) => each.revokedAt === null && each.fingerprint === '1:authored')
        const saysNew =
          given.appUses === 'new' ||
          (given.appUses === undefined && approved) ||
          (typeof given.appUses === 'object' && Object.values(given.appUses).every((value) => value === 'new'))
        const verified = JSON.stringify(given.detail) === JSON.stringify(good.verified) && given.mismatches === 0
        const proven = given.expand === 'applied' && given.backfill === 'applied' && saysNew && approved && verified
        expect(answer.state === 'open').toBe(proven)
        if (answer.checks.some((check) => check.state !== 'open')) expect(answer.state).not.toBe('open')
        expect(answer.state).toBe(allOf(answer.checks.map((check) => check.state)))
        if (answer.state === 'open') opened++
      }),
      { numRuns: 500 },
    )
    expect(opened).toBeGreaterThan(0)
  })

  it('turn no better when gates are added', async () => {
    await fc.assert(
      fc.asyncProperty(situation, fc.constantFrom('open', 'closed', 'unknown' as const), async (given, extra) => {
        const where = context({
          migration: { appUses: given.appUses },
          units: [record('expand', { state: given.expand }), record('backfill', { state: given.backfill })],
          approvals: given.approvals,
        })
        const before = (await checkGates(contract, where)).state
        const added = {
          name: 'extra',
          cost: 0 as const,
          check: async () => ({ name: 'extra', state: extra, reason: '', observedAt: '' }),
        }
        const gates = gatesFor(where.migration, 'contract', 'apply', { contract: [added] })
        const after = (await checkGates(gates, where)).state
        if (before !== 'open' || extra !== 'open') expect(after).not.toBe('open')
        else expect(after).toBe('open')
      }),
    )
  })
})
