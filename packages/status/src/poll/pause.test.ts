import { describe, expect, it } from 'vitest'
import { createPause } from './pause.js'

/** Park and Miller's generator: the same run every time. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

describe('the pauses of a thousand processes that started together', () => {
  const random = generator(1)
  const asked: number[] = []
  for (let process = 0; process < 1000; process++) {
    const pauseOf = createPause(random)
    // They wait at 10 s, and all become ready half a minute later.
    for (let at = 0; at < 600_000; at += pauseOf(at < 30_000 ? 10_000 : 60_000)) asked.push(at)
  }
  const perSecond = (from: number, to: number): number[] => {
    const seconds = new Array<number>((to - from) / 1000).fill(0)
    for (const at of asked) if (at >= from && at < to) seconds[Math.floor((at - from) / 1000)]! += 1
    return seconds
  }

  it('do not come in waves after the start', () => {
    const polls = perSecond(2000, 30_000)
    expect(Math.max(...polls), 'the mean is 100').toBeLessThan(180)
    expect(Math.min(...polls)).toBeGreaterThan(40)
  })

  it('nor after all have gone over to the longer interval', () => {
    const polls = perSecond(45_000, 600_000)
    expect(Math.max(...polls), 'the mean is 17').toBeLessThan(45)
    const tens = Array.from({ length: 55 }, (_, ten) => polls.slice(ten * 10, ten * 10 + 10).reduce((a, b) => a + b))
    expect(Math.min(...tens), 'the mean is 170').toBeGreaterThan(85)
  })
})
