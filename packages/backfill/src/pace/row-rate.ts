/** Keeps the rows changed under so many a second, on average over a second or so. */
export interface RowRate {
  /** ms to wait before the next batch at this rate; 0: it may begin. */
  wait(now: number, rowsPerSecond: number): number
  /** Rows that a batch has changed. */
  spend(rows: number): void
}

/** How much of what was not used may be made up for: the work does not get slower by what comes between two batches. */
const CREDIT_SECONDS = 0.2

/** A leaky bucket: what was changed runs off at the rate, and the next batch begins when all of it has. */
export function createRowRate(start: number): RowRate {
  let owed = 0
  let at = start
  return {
    wait: (now, rowsPerSecond) => {
      owed = Math.max(owed - ((now - at) * rowsPerSecond) / 1000, -CREDIT_SECONDS * rowsPerSecond)
      at = now
      return owed <= 0 ? 0 : Math.ceil((owed * 1000) / rowsPerSecond)
    },
    spend: (rows) => {
      owed += rows
    },
  }
}

/** Keys of a batch at this rate: about a second's worth, or half of one where several share the rate. */
export function mostKeys(rowsPerSecond: number): number {
  return Math.max(1, Math.floor(rowsPerSecond / 2))
}
