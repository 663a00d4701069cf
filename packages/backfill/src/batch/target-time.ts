import type { Clock } from '@phasegate/core'

/** ms that a batch may hold rows which somebody waits for; or the author's own target where that is less. */
const LEAST_MS = 20
/** So long nobody has to have waited, in ms, before batches may take twice as long again. */
const CALM_MS = 10_000

/** How long the next batch may take, in ms: it holds its rows until its end, and who wants one of them waits for that. */
export interface TargetTime {
  ms(): number
  /** A batch has ended. `waited`: somebody wanted one of its rows. */
  ended(waited: boolean): void
}

/**
 * The author's target while nobody wants the rows. Each batch that somebody waited for halves it, down to 20 ms; each ten
 * seconds in which nobody did doubles it again. Where every row is as likely to be wanted as any other, shorter batches
 * make fewer statements wait, and each for less time.
 */
export function createTargetTime(targetMs: number, clock: Clock): TargetTime {
  let current = targetMs
  let calmSince = clock.now()
  return {
    ms: () => current,
    ended: (waited) => {
      const now = clock.now()
      if (waited) current = Math.max(Math.min(LEAST_MS, targetMs), current / 2)
      else if (now - calmSince < CALM_MS) return
      else current = Math.min(targetMs, current * 2)
      calmSince = now
    },
  }
}
