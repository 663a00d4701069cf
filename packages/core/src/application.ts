/** One client of the database that is deployed by itself, as the configuration names it. */
export interface Application {
  readonly name: string
  /** Do its processes report, by `register()` of @phasegate/status? */
  readonly reports: boolean
  /**
   * ms within which every kind of its processes runs at least once: a job of every night has 25 h. So long must have passed
   * since the last build that uses an old shape was seen.
   */
  readonly seenEvery: number
  /** Database roles that it alone connects as. */
  readonly roles: readonly string[]
}

/** All clients of the database. */
export interface Clients {
  readonly applications: readonly Application[]
  /** Database roles whose sessions are nobody's application: backups, monitoring, people. */
  readonly ignoredRoles: readonly string[]
}

/** ms between two polls of a process that is ready, as @phasegate/status has it by default. */
export const DEFAULT_POLL_INTERVAL = 60_000

/** A heartbeat counts for so many intervals. */
export const HEARTBEAT_INTERVALS = 3

/** ms of quiet that an application needs which says nothing else: one heartbeat's life. */
export const DEFAULT_SEEN_EVERY = HEARTBEAT_INTERVALS * DEFAULT_POLL_INTERVAL
