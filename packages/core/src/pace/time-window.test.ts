import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TimeWindow } from './throttle-settings.js'
import { readTimeWindow, startOfWindow, waitsForWindow } from './time-window.js'

const night = readTimeWindow('22:00-06:00 Europe/Berlin')!
const open = (window: TimeWindow, at: string): boolean => waitsForWindow([window], Date.parse(at)) === undefined

describe('reading a time window', () => {
  test('takes hours, minutes and a zone; without one it is UTC', () => {
    expect(readTimeWindow('22:00-06:00 Europe/Berlin')).toEqual({ start: 1320, end: 360, zone: 'Europe/Berlin' })
    expect(readTimeWindow(' 9:30 - 24:00 ')).toEqual({ start: 570, end: 1440, zone: 'UTC' })
  })

  test.each([
    '22-06',
    '25:00-06:00',
    '22:60-06:00',
    '24:00-06:00',
    '22:00-22:00',
    '22:00-06:00 Berlin',
    '22:00-06:00 +02:00',
    '22:00-06:00 Europe/Berlin daily',
    '',
  ])('takes %j for none', (text) => {
    expect(readTimeWindow(text)).toBeUndefined()
  })
})

describe('a time window', () => {
  test.each([
    // 2026: summer time in Berlin from 29 March 01:00 UTC to 25 October 01:00 UTC.
    ['2026-01-10T21:00:00Z', true],
    ['2026-01-10T20:59:59Z', false],
    ['2026-01-11T04:59:59Z', true],
    ['2026-01-11T05:00:00Z', false],
    ['2026-07-10T20:00:00Z', true],
    ['2026-07-10T19:59:59Z', false],
    ['2026-07-11T04:00:00Z', false],
    // The night into summer time ends an hour earlier, the night out of it an hour later.
    ['2026-03-29T03:59:59Z', true],
    ['2026-03-29T04:00:00Z', false],
    ['2026-10-25T04:59:59Z', true],
    ['2026-10-25T05:00:00Z', false],
  ])('over midnight at %s is open: %s', (at, expected) => {
    expect(open(night, at)).toBe(expected)
  })

  test('that begins in the hour that summer time leaves out opens when that hour would be over', () => {
    const window = readTimeWindow('02:30-05:00 Europe/Berlin')!
    expect(open(window, '2026-03-29T00:59:59Z')).toBe(false)
    expect(open(window, '2026-03-29T01:00:00Z')).toBe(true)
  })

  test('in the hour that comes twice is open twice', () => {
    const window = readTimeWindow('02:00-03:00 Europe/Berlin')!
    expect(open(window, '2026-10-25T00:30:00Z')).toBe(true)
    expect(open(window, '2026-10-25T01:30:00Z')).toBe(true)
    expect(open(window, '2026-10-25T02:00:00Z')).toBe(false)
  })

  test('of several the next to open is named, and one that is open is enough', () => {
    const windows = [night, readTimeWindow('12:00-13:00')!]
    expect(startOfWindow(waitsForWindow(windows, Date.parse('2026-07-10T08:00:00Z'))!)).toBe('12:00 UTC')
    expect(startOfWindow(waitsForWindow(windows, Date.parse('2026-07-10T14:00:00Z'))!)).toBe('22:00 Europe/Berlin')
    expect(waitsForWindow(windows, Date.parse('2026-07-10T12:30:00Z'))).toBeUndefined()
  })

  test('and the one that fills the rest of the day are open in turn, at any time in any zone', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu']
    const minute = fc.integer({ min: 0, max: 1439 })
    fc.assert(
      fc.property(
        minute,
        minute,
        fc.constantFrom(...zones),
        fc.date({ noInvalidDate: true }),
        (start, end, zone, at) => {
          fc.pre(start !== end)
          const inside = waitsForWindow([{ start, end, zone }], at.getTime()) === undefined
          const outside = waitsForWindow([{ start: end, end: start, zone }], at.getTime()) === undefined
          expect(inside).not.toBe(outside)
        },
      ),
    )
  })
})
