import { describe, expect, it } from 'vitest'
import { context, record } from '../gate-fixtures.test.support.js'
import { contractPending } from './contract-pending.js'

const ask = (...units: Parameters<typeof record>[1][]) =>
  contractPending().check(
    context({ phase: 'expand', action: 'revert', units: units.map((change) => record('contract', change)) }),
  )

describe('contractPending', () => {
  it('opens while contract has not begun', async () => {
    expect((await ask()).state).toBe('open')
    expect((await ask({ state: 'pending' })).state).toBe('open')
  })

  it('is closed once it has begun', async () => {
    for (const state of ['contracting', 'running', 'failed', 'interrupted', 'applied'] as const) {
      expect((await ask({ state })).state).toBe('closed')
    }
  })

  it('says what is gone past the point of no return', async () => {
    const check = await ask({ state: 'failed', pointOfNoReturn: true, detail: { destroyed: ['users.verified_at'] } })
    expect(check).toMatchObject({
      state: 'closed',
      reason: 'm:contract is past its point of no return: users.verified_at is gone',
    })
  })
})
