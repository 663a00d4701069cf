/** ms, or text with a unit: `'500ms'`, `'10s'`, `'5m'`. */
type Time = number | string
/** Bytes, or text with a unit: `'512MB'`, `'8GB'`. */
type Size = number | string

/** At or above `soft` a backfill goes slower, the further above the slower; at or above `hard` it waits. False: not looked at. */
type Limits<Quantity> = { readonly soft?: Quantity; readonly hard?: Quantity } | false

/** Without limits the default ones hold. */
interface ReplicaLimits {
  readonly soft?: Time
  readonly hard?: Time
  readonly replicas?: string | readonly string[]
}

/**
 * What backfills look at beside their work. Signals that a server does not have are named once and left out.
 *
 * @example
 * throttle: {
 *   replicaLag: { soft: '2s', hard: '10s' },
 *   oldestTransaction: false,
 *   http: 'http://freno:9777/check/phasegate/mysql/main',
 *   query: { sql: 'SELECT count(*) FROM jobs WHERE locked_at IS NOT NULL', soft: 100, hard: 500 },
 * }
 */
export interface ThrottleDefinition {
  /** Time between two looks; default `'1s'`. */
  readonly every?: Time
  /**
   * How far the slowest replica is behind. `replicas` are URLs of those that are asked themselves: all that count on MySQL
   * and MariaDB, where a primary knows nothing of their lag; on PostgreSQL besides those that follow the server, such as
   * standbys of standbys. Only in the configuration, since they hold passwords.
   */
  readonly replicaLag?: ReplicaLimits | false
  /** PostgreSQL: log that replication slots keep. */
  readonly slotWal?: Limits<Size>
  /** PostgreSQL: files of the log that wait to be archived. */
  readonly archiveBacklog?: Limits<number>
  /** PostgreSQL: autovacuum workers on the table; off by default. */
  readonly autovacuum?: Limits<number>
  /** PostgreSQL: age of the oldest transaction that keeps old rows from being vacuumed. */
  readonly oldestTransaction?: Limits<Time>
  /** Sessions that wait for a lock of one of our batches. */
  readonly waiters?: Limits<number>
  /** MySQL and MariaDB: sessions that are at work at this moment. */
  readonly threadsRunning?: Limits<number>
  /** MySQL and MariaDB: transactions whose old row versions are not purged. */
  readonly historyList?: Limits<number>
  /** PostgreSQL: names of the standbys whose lag counts (`application_name`); default every one. */
  readonly standbys?: string | readonly string[]
  /** Queries whose first value is compared; without limits, any row makes it wait. */
  readonly query?: QueryDefinition | readonly QueryDefinition[]
  /** URLs that answer 200 to go on and 429 to wait. */
  readonly http?: string | readonly string[]
  readonly prometheus?: PrometheusDefinition | readonly PrometheusDefinition[]
}

type QueryDefinition = string | { readonly sql: string; readonly soft?: number; readonly hard?: number }

/** An instant query; the greatest of its values is compared. */
interface PrometheusDefinition {
  readonly url: string
  readonly query: string
  readonly soft?: number
  readonly hard?: number
}
