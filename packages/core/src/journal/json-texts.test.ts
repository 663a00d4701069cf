import { describe, expect, it } from 'vitest'
import { jsonTexts } from './json-texts.js'

const TEXT = '{"exists": true}'
const OTHER = '{"unit": {}}'
const rows = [{ journal: TEXT }, { journal: OTHER }]

describe('the JSON texts of an answer', () => {
  it.each<[string, unknown]>([
    ['pg', { command: 'SELECT', rowCount: 1, fields: [{ name: 'journal' }], rows: [{ journal: TEXT }] }],
    ['rows alone', [{ journal: TEXT }]],
    ['a mapper', [{ JOURNAL_JSON: TEXT }]],
    ['a mapper of everything', { COMMAND: 'SELECT', ROWS: [{ JOURNAL: TEXT }] }],
    ['row mode array', { command: 'SELECT', rows: [[TEXT]] }],
    ['rows and fields', [[{ journal: TEXT }], [{ name: 'journal', buffer: Buffer.from('{ not ours') }]]],
    ['rows of bytes', [[{ journal: Buffer.from(TEXT) }], []]],
    ['the text itself', TEXT],
  ])('are found in what %s gives', (_, answer) => expect(jsonTexts(answer)).toEqual([TEXT]))

  it.each<[string, unknown]>([
    ['rows and fields', [rows, [{ name: 'journal' }]]],
    ['arrays and fields', [[[TEXT], [OTHER]], [{ name: 'journal' }]]],
    ['the rows twice', [rows, rows]],
    ['copies of the rows', [rows, structuredClone(rows)]],
    ['rows under a name', { rows }],
  ])('are one a row, in order, of %s', (_, answer) => expect(jsonTexts(answer)).toEqual([TEXT, OTHER]))

  it.each<[string, unknown]>([
    ['no row', { command: 'SELECT', fields: [{ name: 'journal' }], rows: [] }],
    ['an empty list', []],
    ['nothing', undefined],
    ['another text', [{ journal: 'not what you expect' }]],
  ])('are none of %s', (_, answer) => expect(jsonTexts(answer)).toEqual([]))
})
