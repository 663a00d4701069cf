import type { JournalSnapshot } from '@phasegate/core'
import { type DatabaseDescription, describeDatabaseSql, parseDescription } from './describe-database.js'
import { firstJson } from './first-json.js'
import { isForbidden, journalDamaged, journalForbidden, notInitialised } from './journal-errors.js'
import { emptySnapshot, parseJournal } from './parse-journal.js'
import { readJournalSql } from './read-journal-sql.js'

/** Runs one statement without parameters and resolves to whatever the driver answers. */
export type RunSql = (sql: string) => Promise<unknown>

export interface ReadJournalOptions {
  /** Look first whether there is a journal: spares the server's log an error a poll where there is none yet. */
  readonly lookFirst?: boolean
}

/**
 * Reads the journal over any client: one round trip where it exists.
 *
 * @throws `JOURNAL.FORBIDDEN` with the GRANTs to run, `JOURNAL.NEWER`, `JOURNAL.DAMAGED`, or what the driver threw.
 * @example
 * const snapshot = await readJournal((sql) => pool.query(sql))
 */
export async function readJournal(run: RunSql, options: ReadJournalOptions = {}): Promise<JournalSnapshot> {
  if (options.lookFirst === true) {
    const description = await describe(run)
    if (!description.exists) return emptySnapshot(description)
  }
  let answer: unknown
  try {
    answer = await run(readJournalSql)
  } catch (error) {
    return explain(run, error)
  }
  const text = firstJson(answer)
  // No row: the tables are being created by a runner that has not committed its first row.
  return text === undefined ? emptySnapshot(await describe(run)) : parseJournal(text)
}

async function explain(run: RunSql, error: unknown): Promise<JournalSnapshot> {
  const missing = notInitialised(error)
  if (!missing && !isForbidden(error)) throw error
  const description = await describe(run)
  if (!missing) throw journalForbidden(description.role, error)
  if (description.exists) throw journalDamaged(error)
  return emptySnapshot(description)
}

async function describe(run: RunSql): Promise<DatabaseDescription> {
  const text = firstJson(await run(describeDatabaseSql))
  if (text === undefined) throw new Error('the database answered a query that always has one row with none')
  return parseDescription(text)
}
