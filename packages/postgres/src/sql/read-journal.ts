import { createJournalReader, type ReadJournal } from '@phasegate/core'
import { describeDatabaseSql } from './describe-database.js'
import { grantsFor, isForbidden, notInitialised } from './journal-errors.js'
import { parseJournal } from './parse-journal.js'
import { readJournalSql } from './read-journal-sql.js'

/**
 * Reads the journal over any client: one round trip where it exists.
 *
 * @throws `JOURNAL.FORBIDDEN` with the GRANTs to run, `JOURNAL.NEWER`, `JOURNAL.DAMAGED`, or what the driver threw.
 * @example
 * const snapshot = await readJournal((sql) => pool.query(sql))
 */
export const readJournal: ReadJournal = createJournalReader({
  read: readJournalSql,
  describe: describeDatabaseSql,
  parse: ([text]) => (text === undefined ? undefined : parseJournal(text)),
  notInitialised,
  isForbidden,
  grantsFor,
})
