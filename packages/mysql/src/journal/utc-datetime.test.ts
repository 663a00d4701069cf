import { describe, expect, it } from 'vitest'
import { utcDatetime } from './utc-datetime.js'

describe('an ISO time as a DATETIME', () => {
  it.each([
    ['2026-11-22T09:30:00.123456Z', '2026-11-22 09:30:00.123456'],
    ['2026-11-22T09:30:00Z', '2026-11-22 09:30:00'],
    ['2026-11-22T09:30:00.1234567Z', '2026-11-22 09:30:00.123'],
    ['2026-11-22T09:30:00.5+05:30', '2026-11-22 04:00:00.500'],
  ])('%s is %s', (iso, datetime) => expect(utcDatetime(iso)).toBe(datetime))
})
