/**
 * How long the batches of a backfill took, and what became of its time. Bounded however many batches there are: times are
 * counted in buckets, each about 9 % wider than the one before. Times of several workers are summed.
 */
export interface BatchTimes {
  readonly batches: number
  /** Rows that these batches changed. */
  readonly rows: number
  /** Batches that were rolled back by a lock, a timeout or a deadlock and came again. */
  readonly retries: number
  /** ms of all batches together. */
  readonly totalMs: number
  /** ms; of the quantiles the upper end of their bucket. Null where there was no batch. */
  readonly p50Ms: number | null
  readonly p90Ms: number | null
  readonly p99Ms: number | null
  readonly maxMs: number | null
  /** ms without a batch because something asked for less. */
  readonly throttledMs: number
  /** ms in which a worker waited for `resume`. */
  readonly pausedMs: number
  /** Those that hold a batch, shortest first: more than the bound of the one below and at most `upToMs`. */
  readonly buckets: readonly BatchTimeBucket[]
}

export interface BatchTimeBucket {
  readonly upToMs: number
  readonly batches: number
}

export const NO_BATCHES: BatchTimes = {
  batches: 0,
  rows: 0,
  retries: 0,
  totalMs: 0,
  p50Ms: null,
  p90Ms: null,
  p99Ms: null,
  maxMs: null,
  throttledMs: 0,
  pausedMs: 0,
  buckets: [],
}

/** Buckets to a doubling. The first takes everything up to 1 ms. */
const PER_DOUBLING = 8

/** The upper bound of the bucket that a time falls into, in ms, rounded so that JSON stays short. */
export function bucketOf(ms: number): number {
  if (!(ms > 1)) return 1
  // The bound is rounded to four digits, so that a time that is a bound itself may land a hair above it.
  const step = Math.ceil(Math.log2(ms) * PER_DOUBLING - 0.01)
  return Number((2 ** (step / PER_DOUBLING)).toPrecision(4))
}

export function addBatch(times: BatchTimes, batch: { readonly ms: number; readonly rows: number }): BatchTimes {
  const one = {
    ...NO_BATCHES,
    batches: 1,
    rows: batch.rows,
    totalMs: batch.ms,
    maxMs: batch.ms,
    buckets: [{ upToMs: bucketOf(batch.ms), batches: 1 }],
  }
  return mergeBatchTimes(times, one)
}

/** What both have seen together. */
export function mergeBatchTimes(a: BatchTimes, b: BatchTimes): BatchTimes {
  const counts = new Map<number, number>()
  for (const { upToMs, batches } of [...a.buckets, ...b.buckets])
    counts.set(upToMs, (counts.get(upToMs) ?? 0) + batches)
  const buckets = [...counts].map(([upToMs, batches]) => ({ upToMs, batches })).sort((x, y) => x.upToMs - y.upToMs)
  const batches = a.batches + b.batches
  const maxMs = a.maxMs === null ? b.maxMs : Math.max(a.maxMs, b.maxMs ?? 0)
  const quantile = (share: number): number | null => quantileOf(buckets, share, maxMs)
  return {
    batches,
    rows: a.rows + b.rows,
    retries: a.retries + b.retries,
    totalMs: rounded(a.totalMs + b.totalMs),
    p50Ms: quantile(0.5),
    p90Ms: quantile(0.9),
    p99Ms: quantile(0.99),
    maxMs: maxMs === null ? null : rounded(maxMs),
    throttledMs: rounded(a.throttledMs + b.throttledMs),
    pausedMs: rounded(a.pausedMs + b.pausedMs),
    buckets,
  }
}

function quantileOf(buckets: readonly BatchTimeBucket[], share: number, maxMs: number | null): number | null {
  const all = buckets.reduce((sum, bucket) => sum + bucket.batches, 0)
  let seen = 0
  for (const { upToMs, batches } of buckets) {
    seen += batches
    // Nothing took longer than the longest.
    if (seen >= share * all) return rounded(Math.min(upToMs, maxMs ?? upToMs))
  }
  return null
}

/** A tenth of a ms is as fine as anybody looks. */
const rounded = (ms: number): number => Math.round(ms * 10) / 10
