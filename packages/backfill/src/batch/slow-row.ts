import type { ErrorKind } from '@phasegate/core'
import { tooSlow } from '../backfill-errors.js'
import type { CompareSettings } from '../options.js'

/** How often a single key may run into the statement timeout before it is clear that it does so each time. */
const ATTEMPTS = 3

/** Tells a server that is slow for a while from a row that never ends in time, however small the batch. */
export interface SlowRow {
  /**
   * A statement for `size` keys failed; `end`: the last of them, where it is known.
   *
   * @throws `BACKFILL.TOO_SLOW`
   */
  failed(kind: ErrorKind, size: number, end: string | undefined, cause: unknown): void
  /** One went through. */
  passed(): void
}

export function createSlowRow({ backfill, leaseMs }: Pick<CompareSettings, 'backfill' | 'leaseMs'>): SlowRow {
  let attempts = 0
  return {
    failed: (kind, size, end, cause) => {
      attempts = kind === 'statement timeout' && size === 1 ? attempts + 1 : 0
      if (attempts === ATTEMPTS) throw tooSlow(backfill, end, leaseMs / 2, cause)
    },
    passed: () => {
      attempts = 0
    },
  }
}
