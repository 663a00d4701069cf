import { type BatchTimes, NO_BATCHES, type UnitProgress } from '@phasegate/core'

/** Where a backfill stands. Rates and running time leave out the time that it was paused. */
export interface ProgressState {
  /** Rows changed. */
  readonly done: number
  /** Keys passed, changed or not. */
  readonly walked: number
  /** The planner's estimate of the table's rows; null where unknown. */
  readonly tableRows: number | null
  /** Does every key that is passed mean a row that is changed? True without a `where`. */
  readonly every: boolean
  /** ms since this process took it up. */
  readonly runningMs: number
  /** Moving averages, a second; null before the first batch. */
  readonly rowRate: number | null
  readonly keyRate: number | null
  /** Keys of the latest batch. */
  readonly batchSize: number | null
  /** Every key has been passed. */
  readonly whole: boolean
  readonly paused: boolean
  readonly throttleReason: string | null
  /** Rows compared in the verification that runs. */
  readonly compared: number | null
}

/** What progress forgets with: a rate counts half after about seven seconds. */
const MEMORY_MS = 10_000
/** No ETA in the first minute: caches warm up and the batch size settles. */
const ETA_AFTER_MS = 60_000
/** Below this share of the table, what `where` selects of it cannot be told. */
const TELLING_SHARE = 0.01

export function startProgress(of: {
  readonly done: number
  readonly walked: number
  readonly tableRows: number | null
  readonly every: boolean
}): ProgressState {
  return {
    ...of,
    walked: Math.max(of.walked, of.done),
    runningMs: 0,
    rowRate: null,
    keyRate: null,
    batchSize: null,
    whole: false,
    paused: false,
    throttleReason: null,
    compared: null,
  }
}

/** After a batch that changed `rows` of `keys` keys, `ms` after the one before. */
export function advanceProgress(
  state: ProgressState,
  batch: { readonly rows: number; readonly keys: number; readonly ms: number },
): ProgressState {
  const ms = Math.max(batch.ms, 0.01)
  const average = (before: number | null, count: number): number => {
    const now = (count * 1000) / ms
    return before === null ? now : before + (now - before) * (1 - Math.exp(-ms / MEMORY_MS))
  }
  return {
    ...state,
    done: state.done + batch.rows,
    walked: state.walked + Math.max(batch.keys, batch.rows),
    runningMs: state.runningMs + ms,
    rowRate: average(state.rowRate, batch.rows),
    keyRate: average(state.keyRate, batch.keys),
  }
}

/**
 * What status shows. An estimate of 0, or below what is done, is unknown and not 100 %: that is said only where every key
 * has been passed.
 *
 * @param times what the batches have cost so far, for the time spent in pauses
 */
export function describeProgress(state: ProgressState, times: BatchTimes = NO_BATCHES): UnitProgress {
  const { tableRows, walked, whole, paused } = state
  const known = tableRows !== null && tableRows > 0 && tableRows >= walked ? tableRows : null
  return {
    done: state.done,
    total: whole ? state.done : expectedRows(state, known),
    percent: whole ? 100 : known === null ? null : Math.min(99.9, Math.floor((walked * 1000) / known) / 10),
    rowsPerSecond: state.rowRate === null ? null : Math.round(state.rowRate),
    etaSeconds: paused ? null : whole ? 0 : secondsLeft(state, known),
    batchSize: state.batchSize,
    paused,
    pausedSeconds: Math.round(times.pausedMs / 1000),
    throttleReason: state.throttleReason,
    throttledSeconds: Math.round(times.throttledMs / 1000),
    compared: state.compared,
    engine: null,
  }
}

function secondsLeft({ keyRate, runningMs, walked }: ProgressState, known: number | null): number | null {
  if (known === null || keyRate === null || keyRate <= 0 || runningMs < ETA_AFTER_MS) return null
  return Math.ceil((known - walked) / keyRate)
}

/** With a `where`, the share of the rows that it has selected so far, carried on to the whole table. */
function expectedRows(state: ProgressState, known: number | null): number | null {
  if (known === null) return null
  if (state.every) return known
  if (state.walked < known * TELLING_SHARE) return null
  return Math.max(state.done, Math.round((state.done * known) / state.walked))
}
