/** One running process that reports, as the journal knows it. Times are ISO, by the database's clock. */
export interface InstanceRecord {
  /** Its name and an id that no other process has. */
  readonly id: string
  readonly digest: string
  readonly application: string
  /** On its way out: it takes no new requests and may still work. */
  readonly draining: boolean
  readonly firstSeen: string
  readonly lastSeen: string
  /** Until when its last heartbeat counts. */
  readonly expiresAt: string
  /** The database role it reported as, and the address it came from; null where it reported before these were kept. */
  readonly role: string | null
  readonly client: string | null
}

/** Sessions of one role from one address in the target database, those of Phasegate itself left out. */
export interface ClientSessions {
  readonly role: string
  /** Its address; empty for a socket. */
  readonly client: string
  /** What they call themselves: `application_name`, `program_name`; empty where they say nothing. */
  readonly name: string
  readonly count: number
}

export interface ClientSessionsSeen {
  readonly sessions: readonly ClientSessions[]
  /** What our role may not see, and the statement that lets it; null where it sees all. */
  readonly hidden: string | null
}

/** What a process says of itself at every poll. */
export interface Heartbeat {
  readonly id: string
  /** Of its build manifest. */
  readonly digest: string
  /** ms for which it counts, from now on by the database's clock. */
  readonly lifetime: number
  readonly draining: boolean
}

/** What a poll sees without reading the journal. */
export interface JournalGlance {
  /** The database's clock, ISO. */
  readonly now: string
  /** The heartbeat is stored; not so where its row has gone. */
  readonly stored: boolean
  /** Another one where the journal may have changed. */
  readonly mark: string
}

/** The statements by which a process reports. As those that read, none holds a `?`, a `$` or a `:name`. */
export interface HeartbeatSql {
  /** Keeps the build manifest, once. */
  recordBuild(build: { readonly digest: string; readonly application: string; readonly manifest: string }): string
  /**
   * Stores the heartbeat and reads the journal, as `JournalSql.read` does. The last statement is the one that reads; where a
   * server stores and reads in one statement it is the only one.
   */
  beat(heartbeat: Heartbeat): readonly string[]
  /**
   * Stores the heartbeat of an instance that is known, and looks whether the journal has changed; the last statement answers
   * with a `JournalGlance` as JSON. What ten thousand processes ask once a minute.
   */
  glance(heartbeat: Heartbeat): readonly string[]
  /** Says that the process has ended: its heartbeat counts no more. */
  leave(id: string): string
  /** The build manifests of an application, as recorded, each a row of one text; the newest first. */
  manifests(application: string): string
  /** Does the error say that the connection leads to a server, or is in a transaction, that only reads? */
  isReadOnly(error: unknown): boolean
  /** Does the error say that the journal is of a version before instances could report all that they do? */
  isOlderJournal(error: unknown): boolean
  /** The statements that let the role report, and read. */
  grantsFor(role: string, database: string): readonly string[]
}
