import { randomInt } from 'node:crypto'

/** Chance that can be replayed. */
export interface Random {
  readonly seed: number
  /** In [0, 1). */
  next(): number
  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number
  pick<T>(from: readonly T[]): T
  shuffle<T>(list: readonly T[]): T[]
}

/**
 * A source of chance that prints its seed, so that a failure can be replayed with `PHASEGATE_SEED=<seed>`.
 *
 * @param name what it is for; sources of other names give other numbers from the same seed
 */
export function createRandom(name: string): Random {
  const given = process.env.PHASEGATE_SEED
  const seed = given === undefined || given === '' ? randomInt(2 ** 31) : Number(given)
  if (!Number.isSafeInteger(seed)) throw new Error(`PHASEGATE_SEED is not a whole number: ${given}`)
  console.log(`${name}: PHASEGATE_SEED=${seed}`)

  let state = seed
  for (const letter of name) state = Math.imul(state ^ letter.charCodeAt(0), 0x01000193)

  // mulberry32: 32 bits of state, good enough to choose moments with, and the same on every platform.
  function next(): number {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))

  return {
    seed,
    next,
    int,
    pick(from) {
      if (from.length === 0) throw new Error('nothing to pick from')
      return from[int(0, from.length - 1)]!
    },
    shuffle(list) {
      const result = [...list]
      for (let at = result.length - 1; at > 0; at--) {
        const other = int(0, at)
        ;[result[at], result[other]] = [result[other]!, result[at]!]
      }
      return result
    },
  }
}
