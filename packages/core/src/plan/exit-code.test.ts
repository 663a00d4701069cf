import fc from 'fast-check'
import { expect, it } from 'vitest'
import { EXIT, EXIT_PRECEDENCE } from '../error/phasegate-error.js'
import { worstExit } from './exit-code.js'

it('is 0 for no units and for units that are all done', () => {
  expect(worstExit([])).toBe(0)
  expect(worstExit([EXIT.done, EXIT.done])).toBe(0)
})

it('is the first of 9, 5, 7, 6, 11, 10, 3, 4 that occurs', () => {
  fc.assert(
    fc.property(fc.subarray([0, ...EXIT_PRECEDENCE] as const), fc.boolean(), (codes, reverse) => {
      const expected = [9, 5, 7, 6, 11, 10, 3, 4].find((code) => (codes as readonly number[]).includes(code)) ?? 0
      expect(worstExit(reverse ? [...codes].reverse() : codes)).toBe(expected)
    }),
  )
})

it('puts the end of the run itself before what its units did', () => {
  expect(worstExit([EXIT.failed, EXIT.terminated, EXIT.gate])).toBe(143)
  expect(worstExit([EXIT.bug, EXIT.done])).toBe(1)
})
