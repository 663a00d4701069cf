import { assertReadable, type JournalSnapshot, journalDamaged } from '@phasegate/core'

/**
 * Reads what `readJournalSql` answered: one text.
 *
 * @throws `JOURNAL.NEWER` for a journal of a later major, `JOURNAL.DAMAGED` for a text that is not a journal.
 */
export function parseJournal(text: string): JournalSnapshot {
  const snapshot = parse(text)
  assertReadable(snapshot.version)
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
