import { describe, expect, it } from 'vitest'
import { context, migration, record } from '../gate-fixtures.test.support.js'
import { backfillVerified } from './backfill-verified.js'

const gate = backfillVerified()
const recorded = (detail: Record<string, unknown>, mismatches = 0) =>
  gate.check(context({ units: [record('backfill', { detail })], mismatches }))

describe('backfillVerified', () => {
  it('is asked last, since it reads tables', () => expect(gate.cost).toBe(2))

  it('opens with a recorded verification and no mismatch now', async () => {
    expect((await recorded({ verified: true })).state).toBe('open')
    expect((await recorded({ verified: { mismatches: 0 } })).state).toBe('open')
  })

  it.each([
    ['none is recorded', {}],
    ['what is recorded is not one', { verified: null }],
    ['it says no', { verified: false }],
    ['it found mismatches', { verified: { mismatches: 3 } }],
    ['it expired', { verified: { mismatches: 0, expiresAt: '2026-11-22T11:59:59.000Z' } }],
  ])('is closed when %s', async (_what, detail) => expect((await recorded(detail)).state).toBe('closed'))

  it('is closed with sample keys when a row lacks a value now, whatever was recorded', async () => {
    expect(await recorded({ verified: true }, 2)).toMatchObject({
      state: 'closed',
      reason: '2 rows of users lack a value that the backfill should have left, for example 17, 42',
    })
    expect((await recorded({ verified: true }, Number.NaN)).state).toBe('closed')
  })

  it('is closed while rows are in quarantine, with their keys and the way out', async () => {
    const quarantined = { rows: 2, sampleKeys: ['17', '42'], error: { code: '23514', message: 'no' } }
    expect(await recorded({ verified: true, quarantined })).toMatchObject({
      state: 'closed',
      reason:
        '2 rows could not be changed and are in quarantine, for example 17, 42; correct them, then: phasegate backfill m',
    })
    expect((await recorded({ verified: true, quarantined: null })).state).toBe('open')
  })

  it('compares nothing while the backfill is not applied or was another version', async () => {
    for (const change of [{ state: 'running' as const }, { fingerprint: '1:other' }]) {
      let asked = false
      const situation = context({ units: [record('backfill', change)] })
      const verifyBackfill = async () => {
        asked = true
        return { mismatches: 0, sampleKeys: [] }
      }
      expect((await gate.check({ ...situation, verifyBackfill })).state).toBe('closed')
      expect(asked).toBe(false)
    }
  })

  it.each([{ comparable: false }, { once: true }])('takes whole ranges for the only proof with %j', async (form) => {
    const units = migration().units
    const backfill = { ...units.backfill!, backfill: { ...units.backfill!.backfill!, ...form } }
    const file = { migration: { units: { ...units, backfill } }, mismatches: 9 }
    expect(await gate.check(context(file))).toMatchObject({
      state: 'open',
      reason: expect.stringContaining('the only proof'),
    })
    const unrecorded = context({ ...file, units: [record('backfill', { detail: {} })] })
    expect((await gate.check(unrecorded)).state).toBe('closed')
  })

  it('opens without a backfill', async () => {
    const { contract } = migration().units
    expect((await gate.check(context({ units: [], migration: { units: { contract: contract! } } }))).state).toBe('open')
  })
})
