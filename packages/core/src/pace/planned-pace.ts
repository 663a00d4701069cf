import type { SignalLimits, SignalUnit } from './throttle-settings.js'

/** How fast and when a backfill would work, for who reviews a plan. What it is watched by has no credentials. */
export interface PlannedPace {
  /** Target time of one batch in ms. */
  readonly batchTime: number
  /** Rows of the first batch. */
  readonly batchSize: number
  /** Rows that one process may change a second; null is no limit. */
  readonly maxRowsPerSecond: number | null
  /** Windows as they are written: `22:00-06:00 Europe/Berlin`; empty is always. */
  readonly only: readonly string[]
  /** What makes it slower or wait; empty: nothing is looked at. */
  readonly signals: readonly PlannedSignal[]
}

export interface PlannedSignal {
  /** As a reason names it: `replica lag`. */
  readonly name: string
  readonly unit: SignalUnit
  readonly limits: SignalLimits
}
