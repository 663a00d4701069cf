import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StepRecord, StepState } from '../ports/journal.js'
import { statementHash } from './fingerprint.js'
import { step } from './plan-fixtures.test.support.js'
import { matchFrozenSteps } from './resume-steps.js'

const unit = { migration: '1', phase: 'expand' } as const

function frozen(statement: string, position: number, state: StepState): StepRecord {
  const { written, execution, facts } = step(statement)
  return {
    position,
    statement,
    hash: statementHash(statement),
    written,
    execution,
    lock: facts.lock,
    destroys: [],
    opaque: false,
    state,
    found: false,
    backend: null,
    run: null,
  }
}

describe('matchFrozenSteps', () => {
  it('plans everything anew where nothing has begun', () => {
    expect(matchFrozenSteps(unit, [frozen('a', 0, 'pending')], [step('b')])).toEqual({ from: 0 })
    expect(matchFrozenSteps(unit, [], [step('b')])).toEqual({ from: 0 })
  })

  it('plans anew from the first step that has not begun', () => {
    const steps = [frozen('a', 0, 'done'), frozen('b', 1, 'started'), frozen('c', 2, 'pending')]
    expect(matchFrozenSteps(unit, steps, [step('a'), step('b'), step('x'), step('y')])).toEqual({ from: 2 })
  })

  it('says which steps stand when one of them was edited', () => {
    const steps = [frozen('a', 0, 'done'), frozen('b', 1, 'done'), frozen('c', 2, 'pending')]
    expect(() => matchFrozenSteps(unit, steps, [step('a'), step('x'), step('c')])).toThrow(
      expect.objectContaining({
        code: 'UNIT.EDITED',
        exit: 7,
        message: '1:expand was edited in step 2, which is already done.',
        why: expect.stringContaining('1. a (done)\n2. b (done)'),
      }),
    )
  })

  it('refuses a step that stands and is gone from the file', () => {
    const steps = [frozen('a', 0, 'done'), frozen('b', 1, 'started')]
    expect(() => matchFrozenSteps(unit, steps, [step('a')])).toThrow(expect.objectContaining({ code: 'UNIT.EDITED' }))
  })

  it('accepts exactly the files that keep every step that has begun', () => {
    const text = fc.constantFrom('a', 'b')
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 4 }),
        fc.nat(4),
        fc.array(text, { maxLength: 5 }),
        (before, begun, after) => {
          const stand = Math.min(begun, before.length)
          const steps = before.map((statement, position) =>
            frozen(statement, position, position < stand ? 'done' : 'pending'),
          )
          const match = (): unknown =>
            matchFrozenSteps(
              unit,
              steps,
              after.map((statement) => step(statement)),
            )
          const kept = before.slice(0, stand).every((statement, position) => after[position] === statement)
          if (kept) expect(match()).toEqual({ from: stand })
          else expect(match).toThrow(expect.objectContaining({ code: 'UNIT.EDITED' }))
        },
      ),
    )
  })
})
