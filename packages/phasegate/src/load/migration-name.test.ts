import { expect, test } from 'vitest'
import { dateOf, nameProblem, slugOf, timestampOf } from './migration-name.js'

test.each([
  ['20261122093000_email_verified', undefined],
  ['20240229000000_leap-day', undefined],
  ['20250229000000_no_leap_day', 'timestamp'],
  ['20261322093000_month_13', 'timestamp'],
  ['20261122096000_minute_60', 'timestamp'],
  ['2026112209300_thirteen_digits', 'form'],
  ['1_add', 'form'],
  ['add_flag', 'form'],
  ['20261122093000', 'form'],
  ['20261122093000_', 'form'],
  ['20261122093000_größe', 'slug'],
  ['20261122093000_with space', 'slug'],
])('%s: %s', (name, problem) => {
  expect(nameProblem(name)).toBe(problem)
})

test('makes a slug of what a person types', () => {
  expect(slugOf('Add e-mail flag')).toBe('add_e-mail_flag')
  expect(slugOf('  Größe (neu)! ')).toBe('gro_e_neu')
  expect(slugOf('!!!')).toBe('')
})

test('timestamps are UTC and survive the way back', () => {
  expect(timestampOf(new Date('2026-11-22T09:30:00Z'))).toBe('20261122093000')
  expect(dateOf('20261122093000').toISOString()).toBe('2026-11-22T09:30:00.000Z')
})
