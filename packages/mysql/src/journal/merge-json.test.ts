import { expect, it } from 'vitest'
import { mergeJson } from './merge-json.js'

it('sets each key by a path of its own, whatever is in it', () => {
  expect(mergeJson('detail', { found: false, 'a "b".c': null, none: undefined })).toEqual({
    expression: "JSON_SET(detail, ?, JSON_EXTRACT(?, '$'), ?, JSON_EXTRACT(?, '$'))",
    values: ['$."found"', 'false', '$."a \\"b\\".c"', 'null'],
  })
})

it('is the column itself where nothing changes', () => {
  expect(mergeJson('detail', {})).toEqual({ expression: 'detail', values: [] })
})
