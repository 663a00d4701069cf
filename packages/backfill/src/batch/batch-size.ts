import type { Clock } from '@phasegate/core'
import { advanceServo, type ServoLimits, startServo } from './servo.js'
import { createTargetTime } from './target-time.js'

/** How many keys the next batch takes. */
export interface BatchSize {
  /** Keys of the next batch. */
  next(): number
  /** The batch of `next()` keys went through in `ms`. `waited`: somebody wanted one of its rows meanwhile. */
  succeeded(ms: number, waited?: boolean): void
  /** It met a conflict or a timeout and was rolled back: half of that very batch comes next. */
  conflicted(): void
  /** A statement took longer than it may and was rolled back: a tenth of that very batch comes next. */
  timedOut(): void
  /** The next batches take at most so many keys, whatever their time would allow. */
  limit(keys: number): void
  /** A row in it cannot be changed. `located`: it was the only one in it; else half of the batch comes next. */
  rowFailed(): 'narrowed' | 'located'
  /** The row that was located is behind us, unchanged. */
  rowPassed(): void
}

export interface BatchSizeOptions {
  readonly first: number
  readonly targetMs: number
  readonly limits: ServoLimits
  readonly clock: Clock
}

/**
 * The servo, and beside it two ways of going smaller for a while: after a conflict by halves, doubling again with each
 * success, so that one locked row does not have fifty thousand others written and rolled back again and again; after a
 * row error by bisection, down to the single key.
 */
export function createBatchSize({ first, targetMs, limits, clock }: BatchSizeOptions): BatchSize {
  let servo = startServo(first, limits)
  const target = createTargetTime(targetMs, clock)
  let narrow: number | undefined
  /** The bad row is among the next so many keys. */
  let suspects: number | undefined
  let most = Number.POSITIVE_INFINITY

  const next = (): number => {
    const calm = Math.min(servo.size, narrow ?? servo.size, most)
    return suspects === undefined ? calm : Math.min(calm, Math.ceil(suspects / 2))
  }
  return {
    next,
    succeeded: (ms, waited = false) => {
      const size = next()
      target.ended(waited)
      if (suspects !== undefined) suspects = suspects > size ? suspects - size : undefined
      else servo = advanceServo(servo, { size, ms }, target.ms(), limits)
      if (narrow !== undefined) narrow = narrow * 2 >= servo.size ? undefined : narrow * 2
    },
    conflicted: () => {
      narrow = Math.max(1, Math.floor(next() / 2))
    },
    timedOut: () => {
      narrow = Math.max(1, Math.floor(next() / 10))
    },
    limit: (keys) => {
      most = keys
    },
    rowFailed: () => {
      const size = next()
      if (size === 1) return 'located'
      suspects = size
      return 'narrowed'
    },
    rowPassed: () => {
      suspects = suspects !== undefined && suspects > 1 ? suspects - 1 : undefined
    },
  }
}
