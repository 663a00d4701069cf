import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createPoller, type Poller } from './poller.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function start(read: () => Promise<string>, random = 0.5): { seen: string[]; poller: Poller } {
  const seen: string[] = []
  const poller = createPoller({
    read,
    onRead: (value) => seen.push(value),
    onError: (error) => seen.push((error as Error).message),
    interval: () => 1000,
    timeout: 100,
    clock: { now: () => Date.now(), random: () => random },
  })
  poller.start()
  return { seen, poller }
}
const never = (): Promise<string> => new Promise(() => {})

describe('the poller', () => {
  it('asks at once, then somewhere in the first interval, then every interval varied by a quarter', async () => {
    for (const [random, first, later] of [
      [0, 100, 750],
      [0.999, 999, 1249],
    ] as const) {
      const { seen, poller } = start(async () => 'read', random)
      await vi.advanceTimersByTimeAsync(first - 2)
      expect(seen).toEqual(['read'])
      await vi.advanceTimersByTimeAsync(4)
      expect(seen).toEqual(['read', 'read'])
      await vi.advanceTimersByTimeAsync(later - 6)
      expect(seen).toHaveLength(2)
      await vi.advanceTimersByTimeAsync(10)
      expect(seen).toHaveLength(3)
      await poller.close()
    }
  })

  it('goes on after an error, also one that is thrown at once', async () => {
    let calls = 0
    const { seen } = start(() => {
      calls += 1
      if (calls === 1) throw new Error('at once')
      return Promise.reject(new Error('later'))
    })
    await vi.advanceTimersByTimeAsync(1500)
    expect(seen).toEqual(['at once', 'later'])
  })

  it('asks one question at a time, however long it is not answered, and gives it up in the end', async () => {
    const read = vi.fn(never)
    const { seen } = start(read)
    await vi.advanceTimersByTimeAsync(110)
    expect(seen).toEqual(['the database did not answer within 100 ms'])
    await vi.advanceTimersByTimeAsync(1000)
    expect(seen[1]).toMatch(/has not answered for \d{3,4} ms/)
    expect(read).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1000)
    expect(read).toHaveBeenCalledTimes(2)
  })

  it('shares a poll that is under way', async () => {
    const read = vi.fn(async () => 'read')
    const { poller } = start(read)
    await Promise.all([poller.poll(), poller.poll()])
    expect(read).toHaveBeenCalledTimes(1)
    await poller.poll()
    expect(read).toHaveBeenCalledTimes(2)
  })

  it('is silent once closed, also about what is under way', async () => {
    let answer = (_: string): void => {}
    const { seen, poller } = start(() => new Promise((resolve) => (answer = resolve)))
    poller.close()
    answer('late')
    await vi.advanceTimersByTimeAsync(5000)
    expect(seen).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })
})
