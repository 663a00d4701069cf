/** How far, in time, somebody is behind who has come to a certain position of a log. */
export interface LagByPosition {
  /** The log's end was at `position` at `now` (ms). */
  reached(position: bigint, now: number): void
  /**
   * ms for which what comes after `position` is there already; 0 for who has all of it. Of what was there before we looked
   * it knows only that it was there when we began.
   */
  behind(position: bigint, now: number): number
  /** Was that position reached since we looked, so that `behind` is all there is to know? */
  knows(position: bigint): boolean
}

/** When it is more than this, positions are forgotten that lie closer together than this share of their age. */
const REMEMBERED = 900
const CLOSE = 0.02

/**
 * Measures lag in the time of one clock. A server's own figure is none while nothing is written, and stands still while a
 * replica does (PostgreSQL docs, pg_stat_replication: replay_lag; MySQL Reference Manual: Seconds_Behind_Source).
 *
 * @example
 * const log = createLagByPosition()
 * log.reached(100n, 0)
 * log.reached(200n, 1000)
 * log.behind(100n, 5000) // 4000
 */
export function createLagByPosition(): LagByPosition {
  let seen: { readonly position: bigint; readonly at: number }[] = []
  return {
    reached: (position, now) => {
      if (seen.at(-1)?.position === position) return
      seen.push({ position, at: now })
      if (seen.length <= REMEMBERED) return
      let kept = now
      const thinned = seen.toReversed().filter(({ at }) => {
        const apart = at === now || kept - at >= CLOSE * (now - at)
        if (apart) kept = at
        return apart
      })
      seen = thinned.reverse()
    },
    behind: (position, now) => {
      const missing = seen.find((one) => one.position > position)
      return missing === undefined ? 0 : now - missing.at
    },
    knows: (position) => seen[0] !== undefined && position >= seen[0].position,
  }
}
