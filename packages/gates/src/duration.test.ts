import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeDuration, parseDuration } from './duration.js'

describe('parseDuration', () => {
  it.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms))

  it.each(['', '0h', '24', 'h', '-1h', '1.5h', '1h ', '24H', '1h30m', '99999999999999999999w', 'NaN'])(
    'refuses %j',
    (text) => expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'GATE.DURATION', exit: 2 })),
  )

  it('throws nothing but its own error, and gives nothing but a positive whole number', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,20}[smhdw]$/)), (text) => {
        try {
          const ms = parseDuration(text)
          expect(Number.isSafeInteger(ms) && ms > 0).toBe(true)
        } catch (error) {
          expect(error).toMatchObject({ code: 'GATE.DURATION' })
        }
      }),
    )
  })
})

describe('describeDuration', () => {
  it.each([
    [0, '0s'],
    [59_999, '59s'],
    [12_000_000, '3h 20m'],
    [86_400_000, '1d'],
    [90_061_000, '1d 1h'],
  ])('writes %d as %s', (ms, text) => expect(describeDuration(ms)).toBe(text))
})
