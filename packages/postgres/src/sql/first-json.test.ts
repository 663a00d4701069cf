import { describe, expect, it } from 'vitest'
import { firstJson } from './first-json.js'

const TEXT = '{"exists": true}'

describe('the JSON text of an answer', () => {
  it.each<[string, unknown]>([
    ['pg', { command: 'SELECT', rowCount: 1, fields: [{ name: 'journal' }], rows: [{ journal: TEXT }] }],
    ['rows alone', [{ journal: TEXT }]],
    ['a mapper', [{ JOURNAL_JSON: TEXT }]],
    ['a mapper of everything', { COMMAND: 'SELECT', ROWS: [{ JOURNAL: TEXT }] }],
    ['row mode array', { command: 'SELECT', rows: [[TEXT]] }],
    ['rows and fields', [[{ journal: TEXT }], [{ name: 'journal' }]]],
    ['the text itself', TEXT],
  ])('is found in what %s gives', (_, answer) => expect(firstJson(answer)).toBe(TEXT))

  it.each<[string, unknown]>([
    ['no row', { command: 'SELECT', fields: [{ name: 'journal' }], rows: [] }],
    ['an empty list', []],
    ['nothing', undefined],
    ['another text', [{ journal: 'not what you expect' }]],
  ])('is undefined for %s', (_, answer) => expect(firstJson(answer)).toBeUndefined())
})
