import { describe, expect, it } from 'vitest'
import { firstText } from './first-text.js'

describe('the first text of an answer', () => {
  it.each<[string, unknown]>([
    ['pg', { command: 'SELECT', rowCount: 1, rows: [{ journal: 'x' }], fields: [{ name: 'journal' }] }],
    ['rows alone', [{ journal: 'x' }]],
    ['a mapper', [{ JOURNAL_JSON: 'x' }]],
    ['row mode array', { command: 'SELECT', rows: [['x']] }],
    ['rows and fields', [[{ journal: 'x' }], [{ name: 'journal' }]]],
    ['the text itself', 'x'],
  ])('is found in what %s gives', (_, answer) => expect(firstText(answer)).toBe('x'))

  it.each<[string, unknown]>([
    ['no row', { command: 'SELECT', rows: [] }],
    ['an empty list', []],
    ['nothing', undefined],
  ])('is undefined for %s', (_, answer) => expect(firstText(answer)).toBeUndefined())
})
