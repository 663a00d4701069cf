import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { snapshot } from '../plan/plan-fixtures.test.support.js'
import { askGates } from './ask-gates.js'
import { all, any, atLeast } from './combine.js'
import type { Gate, GateCheck, GateContext, GateState } from './gate.js'
import { allOf, anyOf, atLeastOf } from './gate-algebra.js'

const STATES = ['closed', 'unknown', 'open'] as const satisfies readonly GateState[]
const state = fc.constantFrom(...STATES)
const states = fc.array(state, { maxLength: 6 })
const rank = (value: GateState): number => STATES.indexOf(value)
const unit = { id: { migration: 'm', phase: 'contract' } }
const context = { snapshot: snapshot(), unit } as unknown as GateContext

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

describe('combined gates that read tables', () => {
  const deep = (state: GateState): Gate => gate('deep', state, 2)

  it('any asks the deep one where nothing cheaper opens it, and only then', async () => {
    expect(await any(gate('a', 'closed'), deep('open')).check(context)).toMatchObject({ state: 'open' })
    const spared = deep('closed')
    expect(await any(gate('a', 'open'), spared).check(context)).toMatchObject({ state: 'open' })
    expect(spared.check).not.toHaveBeenCalled()
  })

  it('atLeast asks them until it is decided', async () => {
    const last = deep('open')
    expect(await atLeast(2, gate('a', 'open'), gate('b', 'closed'), deep('open'), last).check(context)).toMatchObject({
      state: 'open',
    })
    expect(last.check).not.toHaveBeenCalled()
    const hopeless = deep('open')
    expect((await atLeast(2, gate('a', 'closed'), gate('b', 'closed'), hopeless).check(context)).state).not.toBe('open')
    expect(hopeless.check).not.toHaveBeenCalled()
  })

  it('atLeast refuses a count that would always or never open', () => {
    for (const n of [0, -1, 1.5, Number.NaN, 2]) {
      expect(() => atLeast(n, gate('a', 'open'))).toThrow(expect.objectContaining({ code: 'GATE.COUNT', exit: 2 }))
    }
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

  it('holds, and ends what the gate has open, when it does not answer in its time', async () => {
    let ended = false
    const hanging: Gate = {
      name: 'slow',
      cost: 1,
      timeout: 20,
      check: ({ signal }) =>
        new Promise(() =>
          signal?.addEventListener('abort', () => {
            ended = true
          }),
        ),
    }
    expect(await askGates([hanging], context)).toMatchObject([
      { name: 'slow', state: 'unknown', reason: 'could not be asked: it did not answer within 20 ms' },
    ])
    expect(ended).toBe(true)
  })

  it('does not take an answer that comes late', async () => {
    let answer: (check: GateCheck) => void = () => {}
    const late: Gate = { name: 'late', cost: 1, timeout: 10, check: () => new Promise((resolve) => (answer = resolve)) }
    const [check] = await askGates([late], context)
    answer({ name: 'late', state: 'open', reason: 'at last', observedAt: '2026-11-22T12:00:00.000Z' })
    await Promise.resolve()
    expect(check?.state).toBe('unknown')
  })

  it.each([
    ['nothing', undefined],
    ['true', true],
    ['a state that there is not', { state: 'opened', reason: 'x' }],
    ['null', null],
  ])('holds when a gate answers %s', async (_what, given) => {
    const odd: Gate = { name: 'odd', cost: 0, check: async () => given as unknown as GateCheck }
    expect(await askGates([odd], context)).toMatchObject([{ name: 'odd', state: 'unknown' }])
  })

  it('holds when a gate throws before it promises anything', async () => {
    const odd: Gate = {
      name: 'odd',
      cost: 0,
      check: () => {
        throw new Error('no')
      },
    }
    expect(await askGates([odd], context)).toMatchObject([{ state: 'unknown', reason: 'could not be asked: no' }])
  })

  it("records an answer under the gate's own name, which overrides go by", async () => {
    const other: Gate = { ...gate('other', 'closed'), name: 'mine' }
    expect(await askGates([other], context)).toMatchObject([{ name: 'mine', state: 'closed' }])
  })

  it('goes on keeping what a gate kept, also inside a combined one, when it gives no answer this time', async () => {
    const kept = { since: '2026-11-20T12:00:00.000Z' }
    const part = { name: 'used', state: 'closed', reason: '', observedAt: '', kept } as const
    const check = { name: 'all(used)', state: 'closed', reason: '', observedAt: '', checks: [part] } as const
    const evidence = [{ migration: 'm', phase: 'contract', check }] as const
    const asked = { ...context, snapshot: { ...context.snapshot, evidence } }
    const broken: Gate = { name: 'used', cost: 1, check: () => Promise.reject(new Error('away')) }
    expect(await askGates([broken], asked)).toMatchObject([{ state: 'unknown', kept }])
    expect((await all(broken).check(asked)).checks).toMatchObject([{ kept }])
  })

  it('is not kept waiting by a gate that ignores an interruption', async () => {
    const stop = new AbortController()
    const deaf: Gate = { name: 'deaf', cost: 1, check: () => new Promise(() => {}) }
    const asked = askGates([deaf], { ...context, signal: stop.signal })
    stop.abort(new Error('stopped'))
    await expect(asked).rejects.toThrow('stopped')
  })
})
