import type { Heartbeat, HeartbeatSql } from './instance-record.js'
import { journalOlder, readOnlyConnection } from './journal-errors.js'
import type { JournalSnapshot } from './journal-snapshot.js'
import { createJournalReader, type JournalSql, type ReadJournalOptions, type RunSql } from './read-journal.js'

/** Which build it is that reports. */
export interface ReportedBuild {
  readonly digest: string
  readonly application: string
  /** The build manifest, as JSON; asked for where it has to be sent. */
  readonly manifest: () => string
}

/** Stores a heartbeat and reads the journal; `stored` of the snapshot says whether it is there. */
export interface ReportHeartbeat {
  report(
    run: RunSql,
    heartbeat: Heartbeat,
    build: ReportedBuild,
    options?: ReadJournalOptions,
  ): Promise<JournalSnapshot>
  /** The process has ended. */
  leave(run: RunSql, id: string): Promise<void>
}

/**
 * The way to report, for one dialect's statements. The manifest is sent only where the journal has not got it: the first
 * process of a build finds its heartbeat refused, records the build and reports again.
 */
export function createHeartbeatReporter(
  journalSql: Omit<JournalSql, 'read'>,
  { recordBuild, beat, leave, isReadOnly, isOlderJournal, grantsFor }: HeartbeatSql,
): ReportHeartbeat {
  async function report(
    run: RunSql,
    heartbeat: Heartbeat,
    options: ReadJournalOptions | undefined,
  ): Promise<JournalSnapshot> {
    const statements = beat(heartbeat)
    const last = statements.at(-1)!
    const doing = 'report to the journal'
    const read = createJournalReader({ ...journalSql, read: last, doing, grantsFor })
    return read(async (statement) => {
      if (statement === last) for (const before of statements.slice(0, -1)) await run(before)
      return run(statement)
    }, options)
  }

  return {
    report: async (run, heartbeat, build, options) => {
      try {
        const snapshot = await report(run, heartbeat, options)
        if (!snapshot.exists || snapshot.stored === true) return snapshot
        await run(recordBuild({ ...build, manifest: build.manifest() }))
        return await report(run, heartbeat, options)
      } catch (error) {
        if (isReadOnly(error)) throw readOnlyConnection(error)
        throw isOlderJournal(error) ? journalOlder(error) : error
      }
    },
    leave: async (run, id) => {
      await run(leave(id))
    },
  }
}
