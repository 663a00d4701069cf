import type { GateState } from '@phasegate/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkGates } from './check-gates.js'
import { approvalRecord, context, stub } from './gate-fixtures.test.support.js'

const override = (gate: string) => approvalRecord({ kind: 'override', gate })

describe('checkGates', () => {
  it('asks what reads tables only when everything else is open', async () => {
    const deep = stub('deep', 'open', 2)
    const held = await checkGates([deep, stub('cheap', 'closed')], context())
    expect(held).toMatchObject({ state: 'closed', checks: [{ name: 'cheap' }, { name: 'deep', state: 'unknown' }] })
    expect(deep.asked).toBe(0)
    expect(await checkGates([deep, stub('cheap', 'open')], context())).toMatchObject({ state: 'open', used: [] })
    expect(deep.asked).toBe(1)
  })

  it('asks them when the others are open by an override', async () => {
    const deep = stub('deep', 'open', 2)
    const answer = await checkGates([deep, stub('cheap', 'closed')], context({ approvals: [override('cheap')] }))
    expect(answer.state).toBe('open')
    expect(answer.used).toHaveLength(1)
    expect(deep.asked).toBe(1)
  })

  it('lets an override open a gate that reads tables, after it was asked', async () => {
    const deep = [stub('deep', 'closed', 2), stub('deeper', 'open', 2)]
    const answer = await checkGates(deep, context({ approvals: [override('deep')] }))
    expect(answer.state).toBe('open')
    expect(deep.map((gate) => gate.asked)).toEqual([1, 1])
  })

  it('never opens while one gate holds and no override names it', async () => {
    const state = fc.constantFrom<GateState>('open', 'closed', 'unknown')
    const gates = fc.array(fc.tuple(state, fc.constantFrom<0 | 1 | 2>(0, 1, 2)), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(gates, fc.subarray([0, 1, 2, 3, 4, 5]), async (given, named) => {
        const asked = given.map(([answer, cost], index) => stub(`g${index}`, answer, cost))
        const approvals = named.map((index) => override(`g${index}`))
        const answer = await checkGates(asked, context({ approvals }))
        const open = given.every(([answered], index) => answered === 'open' || named.includes(index))
        expect(answer.state === 'open').toBe(open)
        expect(answer.checks).toHaveLength(given.length)
      }),
    )
  })
})
