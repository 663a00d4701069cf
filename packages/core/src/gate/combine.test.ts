import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { snapshot } from '../plan/plan-fixtures.test.support.js'
import { all, allOf, any, anyOf, askGates, atLeast, atLeastOf } from './combine.js'
import type { Gate, GateCheck, GateContext, GateState } from './gate.js'

const STATES = ['closed', 'unknown', 'open'] as const satisfies readonly GateState[]
const state = fc.constantFrom(...STATES)
const states = fc.array(state, { maxLength: 6 })
const rank = (value: GateState): number => STATES.indexOf(value)
const context = { snapshot: snapshot() } as unknown as GateContext

function gate(name: string, answer: GateState, cost: Gate['cost'] = 0, expiresAt?: string): Gate {
  const check: GateCheck = {
    name,
    state: answer,
    reason: `says ${answer}`,
    observedAt: '2026-11-22T12:00:00.000Z',
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
  return { name, cost, check: vi.fn(async () => check) }
}

describe('the gate algebra', () => {
  const decide = { all: allOf, any: anyOf, 'at least 2': (values: readonly GateState[]) => atLeastOf(2, values) }

  for (const [name, combine] of Object.entries(decide)) {
    it(`${name} never turns worse when a part turns better`, () => {
      fc.assert(
        fc.property(states, fc.nat(5), state, (values, index, better) => {
          if (index >= values.length || rank(better) < rank(values[index]!)) return
          const improved = values.map((value, at) => (at === index ? better : value))
          expect(rank(combine(improved))).toBeGreaterThanOrEqual(rank(combine(values)))
        }),
      )
    })

    it(`${name} does not depend on order`, () => {
      fc.assert(
        fc.property(states, (values) => {
          expect(combine([...values].reverse())).toBe(combine(values))
        }),
      )
    })

    it(`${name} answers unknown exactly when the unknown parts could still decide it`, () => {
      fc.assert(
        fc.property(states, (values) => {
          const settle = (to: GateState): GateState =>
            combine(values.map((value) => (value === 'unknown' ? to : value)))
          const [best, worst] = [settle('open'), settle('closed')]
          expect(combine(values)).toBe(best === worst ? best : 'unknown')
        }),
      )
    })

    it(`${name} of parts that are unknown or closed never opens`, () => {
      const holding = fc.array(fc.constantFrom<GateState>('closed', 'unknown'), { minLength: 1, maxLength: 6 })
      fc.assert(
        fc.property(holding, (values) => {
          expect(combine(values)).not.toBe('open')
        }),
      )
    })
  }

  it('is all for atLeast(n of n) and any for atLeast(1)', () => {
    fc.assert(
      fc.property(states, (values) => {
        expect(atLeastOf(values.length, values)).toBe(allOf(values))
        expect(atLeastOf(1, values)).toBe(anyOf(values))
      }),
    )
  })
})

describe('combined gates', () => {
  it('say what holds them, or what opened them, and keep the parts', async () => {
    const check = await all(gate('a', 'open'), gate('b', 'closed'), gate('c', 'unknown')).check(context)
    expect(check).toMatchObject({ name: 'all(a, b, c)', state: 'closed', reason: 'b: says closed; c: says unknown' })
    expect(check.checks).toHaveLength(3)
    expect(await any(gate('a', 'open'), gate('b', 'closed')).check(context)).toMatchObject({
      state: 'open',
      reason: 'a: says open',
    })
    expect(await atLeast(2, gate('a', 'open'), gate('b', 'unknown')).check(context)).toMatchObject({
      name: 'atLeast(2, a, b)',
      state: 'unknown',
    })
  })

  it('cost as much as their dearest part and expire with the first that does', async () => {
    const both = all(gate('a', 'open', 0, '2026-12-02T00:00:00.000Z'), gate('b', 'open', 1, '2026-12-01T00:00:00.000Z'))
    expect(both.cost).toBe(1)
    expect(await both.check(context)).toMatchObject({ expiresAt: '2026-12-01T00:00:00.000Z' })
  })
})

describe('askGates', () => {
  it('asks the cheapest first, and what reads tables only when everything else is open', async () => {
    const deep = gate('deep', 'open', 2)
    const held = await askGates([deep, gate('service', 'closed', 1), gate('memory', 'open', 0)], context)
    expect(held.map((check) => `${check.name} ${check.state}`)).toEqual([
      'memory open',
      'service closed',
      'deep unknown',
    ])
    expect(deep.check).not.toHaveBeenCalled()
    expect((await askGates([deep, gate('memory', 'open')], context)).map((check) => check.state)).toEqual([
      'open',
      'open',
    ])
  })

  it('holds with what it said when a gate throws', async () => {
    const broken: Gate = { name: 'http', cost: 1, check: () => Promise.reject(new Error('503')) }
    expect(await askGates([broken], context)).toMatchObject([
      { name: 'http', state: 'unknown', reason: 'could not be asked: 503' },
    ])
  })

  it('passes an interruption on instead of taking it for an answer', async () => {
    const stop = AbortSignal.abort(new Error('stopped'))
    const broken: Gate = { name: 'http', cost: 1, check: () => Promise.reject(new Error('aborted')) }
    await expect(askGates([broken], { ...context, signal: stop })).rejects.toThrow('stopped')
  })
})
