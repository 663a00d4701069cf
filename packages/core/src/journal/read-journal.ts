import { journalDamaged, journalForbidden } from './journal-errors.js'
import type { JournalSnapshot } from './journal-snapshot.js'
import { jsonTexts } from './json-texts.js'

/** Runs one statement without parameters and resolves to whatever the driver answers. */
export type RunSql = (sql: string) => Promise<unknown>

export interface ReadJournalOptions {
  /** Look first whether there is a journal: spares the server's log an error a poll where there is none yet. */
  readonly lookFirst?: boolean
}

/** Reads the journal over any client: one round trip where it exists. */
export type ReadJournal = (run: RunSql, options?: ReadJournalOptions) => Promise<JournalSnapshot>

/** Who and where we are, and whether there is a journal. */
export interface DatabaseDescription {
  readonly database: string
  /** Name of the dialect that the server speaks, and its version. */
  readonly dialect: string
  readonly version: string
  /** Its clock, ISO. */
  readonly now: string
  readonly role: string
  /** Is there a journal, whether this role may read it or not? */
  readonly exists: boolean
}

/** What a dialect says to read its journal. No statement holds a `?`, a `$` or a `:name`, which clients take for parameters. */
export interface JournalSql {
  /** One statement, so one snapshot; rows of one column of text, so that no type parser or name mapper touches it. */
  readonly read: string
  /** One row of one column of text: a `DatabaseDescription` as JSON. Works for every role. */
  readonly describe: string
  /** Makes the snapshot of the texts that `read` gave; undefined where the journal is being created. Throws `JOURNAL.NEWER`, `JOURNAL.DAMAGED`. */
  parse(texts: readonly string[]): JournalSnapshot | undefined
  /** Does the error say that there is no such table? */
  notInitialised(error: unknown): boolean
  /** Does the error say that this role may not read? */
  isForbidden(error: unknown): boolean
  /** What `read` does that a role may be forbidden; default `read the journal`. */
  readonly doing?: string
  /** The statements that let the role do it. */
  grantsFor(role: string, database: string): readonly string[]
}

/**
 * The way to read a journal, for one dialect's statements. What it gives throws `JOURNAL.FORBIDDEN` with the GRANTs to
 * run, `JOURNAL.NEWER`, `JOURNAL.DAMAGED`, or what the driver threw.
 */
export function createJournalReader(sql: JournalSql): ReadJournal {
  return async (run, options = {}) => {
    if (options.lookFirst === true) {
      const description = await describe(run)
      if (!description.exists) return empty(description)
    }
    return read(run, (description) => {
      if (!description.exists) return empty(description)
      // A runner may have created it between the two statements: then it is whole now.
      return read(run, (_, still) => {
        throw journalDamaged(still)
      })
    })
  }

  /** `missing` says what becomes of a journal of which a table was missing. */
  async function read(
    run: RunSql,
    missing: (description: DatabaseDescription, error: unknown) => JournalSnapshot | Promise<JournalSnapshot>,
  ): Promise<JournalSnapshot> {
    let answer: unknown
    try {
      answer = await run(sql.read)
    } catch (error) {
      if (sql.notInitialised(error)) return missing(await describe(run), error)
      if (!sql.isForbidden(error)) throw error
      const { role, database } = await describe(run)
      throw journalForbidden(role, sql.grantsFor(role, database), error, sql.doing)
    }
    // No snapshot: the tables are being created by a runner that has not committed the first row.
    return sql.parse(jsonTexts(answer)) ?? empty(await describe(run))
  }

  async function describe(run: RunSql): Promise<DatabaseDescription> {
    const [text] = jsonTexts(await run(sql.describe))
    if (text === undefined) throw new Error('the database answered a query that always has one row with none')
    const description = JSON.parse(text)
    // MySQL and MariaDB have 0 and 1 for it.
    return { ...description, exists: Boolean(description.exists) }
  }

  /** What a database without a journal says: nothing was ever applied. */
  function empty({ database, dialect, version, now }: DatabaseDescription): JournalSnapshot {
    return {
      exists: false,
      target: null,
      version: null,
      database,
      server: { dialect, version },
      now,
      held: null,
      units: [],
      approvals: [],
      evidence: [],
      builds: [],
    }
  }
}
