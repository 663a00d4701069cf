/** What a signal is counted in. Times are ms. */
export type SignalUnit = 'ms' | 'bytes' | 'count'

/** Where a signal begins to slow a backfill down, and where it pauses it; null is no such limit. */
export interface SignalLimits {
  readonly soft: number | null
  readonly hard: number | null
}

/**
 * What a server can tell of itself, by the name that it has in the configuration. Which of them a server has is its
 * dialect's to say.
 */
export const SIGNAL_UNITS = {
  /** How far the slowest replica is behind. */
  replicaLag: 'ms',
  /** Log that replication slots keep on the disk. */
  slotWal: 'bytes',
  /** Log files that wait to be archived. */
  archiveBacklog: 'count',
  /** Autovacuum working on the table. */
  autovacuum: 'count',
  /** Age of the oldest transaction that keeps old versions of rows from being removed. */
  oldestTransaction: 'ms',
  /** Sessions that wait for a lock which one of our batches holds. */
  waiters: 'count',
  /** Sessions that are working at this moment. */
  threadsRunning: 'count',
  /** Old versions of rows that are not purged yet. */
  historyList: 'count',
} as const satisfies Readonly<Record<string, SignalUnit>>

export type SignalName = keyof typeof SIGNAL_UNITS

/** A query of the target: its first value is a number to compare; without limits, any row pauses. */
export interface QueryCheck {
  readonly sql: string
  readonly limits: SignalLimits | null
}

/** An instant query of Prometheus; the greatest of its values counts. */
export interface PrometheusCheck {
  /** Base URL: `http://prometheus:9090`. */
  readonly url: string
  readonly query: string
  readonly limits: SignalLimits
}

/** What a backfill looks at to go slower or pause. What is absent here is as the defaults are. */
export interface ThrottleSettings {
  /** ms between two looks. */
  readonly every?: number
  /** Limits by signal; null turns it off. */
  readonly signals: { readonly [name in SignalName]?: SignalLimits | null }
  /** Names of the standbys whose lag counts; absent: every one. */
  readonly standbys?: readonly string[]
  /** URLs of replicas that are asked themselves how far they are. With credentials: to be shown to nobody. */
  readonly replicas?: readonly string[]
  readonly queries?: readonly QueryCheck[]
  /** URLs that answer 200 to go on and 429 to wait. */
  readonly http?: readonly string[]
  readonly prometheus?: readonly PrometheusCheck[]
}

/** How fast and when a backfill may work. */
export interface PaceSettings {
  /** Rows that this process may change a second; null is no limit. */
  readonly maxRowsPerSecond: number | null
  /** When it may work; empty is always. */
  readonly only: readonly TimeWindow[]
  /** False: nothing is looked at. */
  readonly throttle: ThrottleSettings | false
}

/** A time of day in a zone, from start to end, over midnight where the end is not after the start. */
export interface TimeWindow {
  /** Minutes after midnight. */
  readonly start: number
  readonly end: number
  /** IANA name, or UTC. */
  readonly zone: string
}
