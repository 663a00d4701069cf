import { expect, test } from 'vitest'
import { annotationLine, markdownTable } from './github.js'

test('an annotation escapes what would end it', () => {
  const line = annotationLine({
    level: 'error',
    title: 'MIGRATION.LOAD: x, y',
    message: '100 % wrong\nsecond line',
    where: { file: 'a,b/c:d.ts', line: 3 },
  })
  expect(line).toBe('::error file=a%2Cb/c%3Ad.ts,line=3,title=MIGRATION.LOAD%3A x%2C y::100 %25 wrong%0Asecond line')
})

test('a place without a line, and none at all', () => {
  expect(annotationLine({ level: 'notice', title: 't', message: 'm', where: { file: 'f' } })).toBe(
    '::notice file=f,title=t::m',
  )
  expect(annotationLine({ level: 'warning', title: 't', message: 'm' })).toBe('::warning title=t::m')
})

test('cells of a Markdown table cannot break it', () => {
  expect(markdownTable(['a', 'b'], [['x|y', 'l1\nl2']])).toBe('| a | b |\n| --- | --- |\n| x\\|y | l1<br>l2 |')
})
