import type { Clock } from '@phasegate/core'

/** Rows a second since the copy was first seen; null before two looks saw it grow. */
export function createCopyRate(clock: Pick<Clock, 'now'>): { take(done: number | null): number | null } {
  let first: { readonly at: number; readonly done: number } | undefined
  return {
    take: (done) => {
      if (done === null) return null
      const at = clock.now()
      first ??= { at, done }
      const seconds = (at - first.at) / 1000
      return seconds <= 0 || done <= first.done ? null : (done - first.done) / seconds
    },
  }
}
