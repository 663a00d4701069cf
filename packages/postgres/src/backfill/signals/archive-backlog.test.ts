import { expect, test } from 'vitest'
import { fileNumber } from './archive-backlog.js'

test('files of the log are numbered across its segments, others are not files of it', () => {
  const size = 16 * 1024 ** 2
  const number = (name: string) => fileNumber(name, size)
  expect(number('000000020000000100000000')! - number('0000000100000000000000FF')!).toBe(1n)
  expect(number('00000002.history')).toBeUndefined()
})
