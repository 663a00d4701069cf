/** The last key of a batch, as text, and about how many keys it holds. */
export interface BatchEnd {
  readonly end: string
  readonly keys: number
}

export interface BatchEnds {
  /**
   * Where a batch of at most `size` keys after `after` ends, and never beyond `upper`.
   *
   * @param search finds the key `size` rows after `after` by walking the index, or gives `upper`
   */
  next(after: string | null, upper: string, size: number, search: () => Promise<string>): Promise<BatchEnd>
}

/** How much of the numbers must be keys for reckoning to be worth it. */
const DENSE = 0.8
/** Batches that are reckoned until it is measured anew. */
const RECKONED = 9

/**
 * Searching for the end of a batch reads every entry of the index that the batch itself reads again, a twentieth of the
 * cost of a batch (`npm run bench`). Among whole numbers without many gaps it is reckoned instead: a batch of `size`
 * numbers holds at most `size` keys, whatever is deleted or inserted meanwhile. What share of the numbers are keys is
 * measured by each tenth batch, which is searched for.
 *
 * @param wholeNumbers the key is one column of whole numbers, and its text is the number
 */
export function createBatchEnds(wholeNumbers: boolean): BatchEnds {
  let density = 0
  let reckoned = 0
  return {
    next: async (after, upper, size, search) => {
      if (wholeNumbers && after !== null && density >= DENSE && reckoned < RECKONED) {
        reckoned++
        const end = BigInt(after) + BigInt(size)
        return { end: end >= BigInt(upper) ? upper : String(end), keys: Math.round(size * density) }
      }
      const end = await search()
      if (wholeNumbers && after !== null && end !== upper) {
        density = size / Number(BigInt(end) - BigInt(after))
        reckoned = 0
      }
      return { end, keys: size }
    },
  }
}
