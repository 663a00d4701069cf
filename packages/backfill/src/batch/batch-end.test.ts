import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { createBatchEnds } from './batch-end.js'

/** Walks keys that are there, in batches of `size`, and gives what each batch took. */
async function walk(keys: readonly bigint[], size: number, wholeNumbers = true) {
  const upper = String(keys.at(-1))
  const ends = createBatchEnds(wholeNumbers)
  const batches: bigint[][] = []
  let searches = 0
  for (let after: string | null = null; after !== upper; ) {
    const from: string | null = after
    const rest = keys.filter((key) => from === null || key > BigInt(from))
    const { end } = await ends.next(from, upper, size, async () => {
      searches++
      return String(rest[size - 1] ?? upper)
    })
    batches.push(rest.filter((key) => key <= BigInt(end)))
    after = end
  }
  return { batches, searches }
}

describe('the end of a batch', () => {
  it('takes every key once, in batches of no more than was asked for, whatever the gaps', async () => {
    const keys = fc.uniqueArray(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n }), { minLength: 1, maxLength: 60 })
    const near = fc.uniqueArray(fc.bigInt({ min: -40n, max: 60n }), { minLength: 1, maxLength: 90 })
    await fc.assert(
      fc.asyncProperty(fc.oneof(keys, near), fc.integer({ min: 1, max: 20 }), async (some, size) => {
        const sorted = [...some].sort((a, b) => (a < b ? -1 : 1))
        const { batches } = await walk(sorted, size)
        expect(batches.flat()).toEqual(sorted)
        for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(size)
      }),
    )
  })

  it('is searched for by each tenth batch only, where there are no gaps', async () => {
    const { batches, searches } = await walk(
      Array.from({ length: 1000 }, (_, index) => BigInt(index + 1)),
      10,
    )
    expect(batches).toHaveLength(100)
    expect(searches).toBeLessThanOrEqual(12)
  })

  it('is searched for where many numbers are no keys, so that batches are not empty', async () => {
    const { batches } = await walk(
      Array.from({ length: 100 }, (_, index) => BigInt(index) * 1_000_000n),
      10,
    )
    expect(batches).toHaveLength(10)
  })

  it('is always searched for where keys are no whole numbers', async () => {
    const ends = createBatchEnds(false)
    const search = vi.fn(async () => 'b')
    for (let n = 0; n < 5; n++) await ends.next('a', 'z', 10, search)
    expect(search).toHaveBeenCalledTimes(5)
  })

  it('says how many keys there are about', async () => {
    const ends = createBatchEnds(true)
    await ends.next('0', '1000', 90, async () => '100')
    expect(await ends.next('100', '1000', 100, async () => '')).toEqual({ end: '200', keys: 90 })
  })
})
