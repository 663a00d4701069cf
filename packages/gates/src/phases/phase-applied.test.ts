import { describe, expect, it } from 'vitest'
import { context, migration, record } from '../gate-fixtures.test.support.js'
import { backfillApplied } from './backfill-applied.js'
import { expandApplied } from './expand-applied.js'

describe.each([
  ['expandApplied', expandApplied(), 'expand'],
  ['backfillApplied', backfillApplied(), 'backfill'],
] as const)('%s', (name, gate, phase) => {
  it('opens when the phase is applied', async () => {
    expect(await gate.check(context({ units: [record(phase)] }))).toMatchObject({ name, state: 'open' })
  })

  it('is closed in every other state and says the command', async () => {
    for (const state of ['pending', 'running', 'failed', 'verifying', 'cancelled', 'reverted'] as const) {
      const check = await gate.check(context({ units: [record(phase, { state })] }))
      expect(check).toMatchObject({ state: 'closed', reason: `m:${phase} is ${state}; phasegate ${phase} m` })
    }
    expect((await gate.check(context({ units: [] }))).state).toBe('closed')
  })

  it('is closed when the file changed since', async () => {
    expect((await gate.check(context({ units: [record(phase, { fingerprint: '1:other' })] }))).state).toBe('closed')
  })

  it('opens where the migration has no such phase', async () => {
    const { contract } = migration().units
    expect((await gate.check(context({ units: [], migration: { units: { contract: contract! } } }))).state).toBe('open')
  })
})
