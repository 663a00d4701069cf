/** How far, in time, somebody is behind who has come to a certain position of a log. */
export interface LagByPosition {
  /** The log's end was at `position` at `now` (ms). */
  reached(position: bigint, now: number): void
  /** ms for which what comes after `position` is there already; 0 for who has all of it. */
  behind(position: bigint, now: number): number
}

/** Positions that are remembered: at one a second, a quarter of an hour. */
const REMEMBERED = 900

/**
 * Measures lag in the time of one clock, ours. A server's own figure is none while nothing is written, and stands still
 * while a standby does (PostgreSQL docs, pg_stat_replication: replay_lag).
 */
export function createLagByPosition(): LagByPosition {
  let seen: { readonly position: bigint; readonly at: number }[] = []
  return {
    reached: (position, now) => {
      if (seen.at(-1)?.position === position) return
      seen.push({ position, at: now })
      // Every second one of the older half goes: it stays good to tell minutes from hours.
      if (seen.length > REMEMBERED) seen = seen.filter((_, index) => index % 2 === 0 || index > REMEMBERED / 2)
    },
    behind: (position, now) => {
      const missing = seen.find((one) => one.position > position)
      return missing === undefined ? 0 : now - missing.at
    },
  }
}
