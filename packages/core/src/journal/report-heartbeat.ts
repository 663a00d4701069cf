import type { UnitState } from '../unit.js'
import type { Heartbeat, HeartbeatSql, JournalGlance } from './instance-record.js'
import { journalOlder, readOnlyConnection } from './journal-errors.js'
import type { JournalSnapshot } from './journal-snapshot.js'
import { jsonTexts } from './json-texts.js'
import { createJournalReader, type JournalSql, type ReadJournalOptions, type RunSql } from './read-journal.js'

/** Whoever takes a unit to work says so in an event. What it does then, and that its runner is gone, it does not. */
const AT_WORK: ReadonlySet<UnitState> = new Set(['running', 'verifying', 'contracting', 'paused', 'interrupted'])

/** Which build it is that reports. */
export interface ReportedBuild {
  readonly digest: string
  readonly application: string
  /** The build manifest, as JSON; asked for where it has to be sent. */
  readonly manifest: () => string
}

export interface ReportOptions extends ReadJournalOptions {
  /** The journal as it is known: where it has not changed, it is not read again. */
  readonly known?: JournalSnapshot | undefined
}

/** Stores a heartbeat and reads the journal; `stored` of the snapshot says whether it is there. */
export interface ReportHeartbeat {
  report(run: RunSql, heartbeat: Heartbeat, build: ReportedBuild, options?: ReportOptions): Promise<JournalSnapshot>
  /** The build manifests of an application that were recorded, as JSON texts; the newest first. */
  manifests(run: RunSql, application: string): Promise<readonly string[]>
  /** The process has ended. */
  leave(run: RunSql, id: string): Promise<void>
}

/**
 * The way to report, for one dialect's statements. The manifest is sent only where the journal has not got it: the first
 * process of a build finds its heartbeat refused, records the build and reports again.
 */
export function createHeartbeatReporter(
  journalSql: Omit<JournalSql, 'read'>,
  { recordBuild, beat, glance, leave, manifests, isReadOnly, isOlderJournal, grantsFor }: HeartbeatSql,
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

  /** Undefined where the journal has to be read: it may have changed, or a unit is at work, which no event tells of. */
  async function glanceAt(
    run: RunSql,
    heartbeat: Heartbeat,
    known: JournalSnapshot,
  ): Promise<JournalSnapshot | undefined> {
    if (known.units.some(({ state }) => AT_WORK.has(state))) return undefined
    let answer: unknown
    try {
      for (const statement of glance(heartbeat)) answer = await run(statement)
    } catch (error) {
      // Reading says what is the matter.
      if (journalSql.notInitialised(error) || journalSql.isForbidden(error)) return undefined
      throw error
    }
    const [text] = jsonTexts(answer)
    if (text === undefined) return undefined
    const { now, stored, mark } = JSON.parse(text) as JournalGlance
    // MySQL and MariaDB have 0 and 1 for what is true or not.
    return stored && mark === known.mark ? { ...known, now } : undefined
  }

  return {
    report: async (run, heartbeat, build, options) => {
      try {
        const known = options?.known?.mark === undefined ? undefined : options.known
        const unchanged = known && (await glanceAt(run, heartbeat, known))
        if (unchanged !== undefined) return unchanged
        const snapshot = await report(run, heartbeat, options)
        if (!snapshot.exists || snapshot.stored === true) return snapshot
        await run(recordBuild({ ...build, manifest: build.manifest() }))
        return await report(run, heartbeat, options)
      } catch (error) {
        if (isReadOnly(error)) throw readOnlyConnection(error)
        throw isOlderJournal(error) ? journalOlder(error) : error
      }
    },
    manifests: async (run, application) => jsonTexts(await run(manifests(application))),
    leave: async (run, id) => {
      await run(leave(id))
    },
  }
}
