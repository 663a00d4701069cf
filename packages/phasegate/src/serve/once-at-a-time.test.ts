import { expect, test } from 'vitest'
import { onceAtATime } from './once-at-a-time.js'

function setUp() {
  const clock = { now: 0 }
  const asked: string[] = []
  const settle: { resolve: (value: string) => void; reject: (error: Error) => void }[] = []
  const ask = onceAtATime(
    (name) => {
      asked.push(name)
      return new Promise<string>((resolve, reject) => settle.push({ resolve, reject }))
    },
    1000,
    () => clock.now,
  )
  return { clock, asked, settle, ask }
}

test('everybody who asks meanwhile, and for a moment afterwards, gets one answer', async () => {
  const { clock, asked, settle, ask } = setUp()
  const answers = [ask('a'), ask('a'), ask('b')]
  settle[0]?.resolve('first')
  settle[1]?.resolve('other')
  expect(await Promise.all(answers)).toEqual(['first', 'first', 'other'])
  clock.now = 999
  expect(await ask('a')).toBe('first')
  expect(asked).toEqual(['a', 'b'])
  clock.now = 1000
  void ask('a')
  expect(asked).toEqual(['a', 'b', 'a'])
})

test('an answer that takes long is waited for, however long', () => {
  const { clock, asked, ask } = setUp()
  void ask('a')
  clock.now = 1e9
  void ask('a')
  expect(asked).toEqual(['a'])
})

test('a failure is not kept', async () => {
  const { asked, settle, ask } = setUp()
  const failing = ask('a')
  settle[0]?.reject(new Error('away'))
  await expect(failing).rejects.toThrow('away')
  void ask('a')
  expect(asked).toEqual(['a', 'a'])
})
