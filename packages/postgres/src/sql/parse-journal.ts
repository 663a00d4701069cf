import type { JournalSnapshot } from '@phasegate/core'
import { journalDamaged, journalNewer } from './journal-errors.js'

/**
 * The journal's version counts up with every additive change, and readers of the same major read on; a change that they
 * could not read starts the next thousand.
 */
export const READABLE_BELOW = 1000

/**
 * Reads what `readJournalSql` answered.
 *
 * @throws `JOURNAL.NEWER` for a journal of a later major, `JOURNAL.DAMAGED` for a text that is not a journal.
 */
export function parseJournal(text: string): JournalSnapshot {
  const snapshot = parse(text)
  if (snapshot.version !== null && snapshot.version >= READABLE_BELOW)
    throw journalNewer(snapshot.version, READABLE_BELOW)
  return snapshot
}

function parse(text: string): JournalSnapshot {
  let read: Partial<JournalSnapshot> | null
  try {
    read = JSON.parse(text)
  } catch (error) {
    throw journalDamaged(error)
  }
  if (read?.exists !== true || !Array.isArray(read.units) || typeof read.version !== 'number')
    throw journalDamaged(new Error(`not a journal: ${text.slice(0, 60)}`))
  return read as JournalSnapshot
}

export interface DatabaseFacts {
  readonly database: string
  /** Of the server. */
  readonly version: string
  /** Its clock, ISO. */
  readonly now: string
}

/** What a database without a journal says: nothing was ever applied. */
export function emptySnapshot(facts: DatabaseFacts): JournalSnapshot {
  return {
    exists: false,
    target: null,
    version: null,
    database: facts.database,
    server: { dialect: 'postgres', version: facts.version },
    now: facts.now,
    held: null,
    units: [],
    approvals: [],
    evidence: [],
    builds: [],
  }
}
