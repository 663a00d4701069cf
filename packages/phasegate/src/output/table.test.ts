import { expect, test } from 'vitest'
import { displayWidth, renderTable, truncate } from './table.js'

test('columns line up, also with colours and wide characters', () => {
  const lines = renderTable(
    [{ title: 'unit' }, { title: 'rows', align: 'right' }, { title: 'why' }],
    [
      ['größe:expand', '7', ''],
      ['\u001b[32m名前:backfill\u001b[39m', '1200', 'paused'],
    ],
  )
  expect(lines).toEqual([
    'unit           rows  why',
    'größe:expand      7',
    '\u001b[32m名前:backfill\u001b[39m  1200  paused',
  ])
})

test('width counts what a terminal shows', () => {
  expect(displayWidth('e\u0301')).toBe(1)
  expect(displayWidth('👍')).toBe(2)
})

test('truncate keeps to the width and to whole characters', () => {
  expect(truncate('UPDATE users\n  SET x = 1', 12)).toBe('UPDATE user…')
  expect(truncate('short', 12)).toBe('short')
  expect(displayWidth(truncate('名前名前名前', 6))).toBeLessThanOrEqual(6)
})
