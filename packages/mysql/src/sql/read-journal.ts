import {
  createHeartbeatReporter,
  createJournalReader,
  type JournalSql,
  type ReadJournal,
  type ReportHeartbeat,
} from '@phasegate/core'
import { describeDatabaseSql } from './describe-database.js'
import { heartbeatSql } from './heartbeat-sql.js'
import { grantsFor, isForbidden, notInitialised } from './journal-errors.js'
import { parseJournal } from './parse-journal.js'
import { pollJournalSql, readJournalSql } from './read-journal-sql.js'

const journalSql: Omit<JournalSql, 'read'> = {
  describe: describeDatabaseSql,
  parse: parseJournal,
  notInitialised,
  isForbidden,
  grantsFor,
}

/**
 * Reads the journal over any client: one round trip where it exists.
 *
 * @throws `JOURNAL.FORBIDDEN` with the GRANTs to run, `JOURNAL.NEWER`, `JOURNAL.DAMAGED`, or what the driver threw.
 * @example
 * const snapshot = await readJournal((sql) => pool.query(sql))
 */
export const readJournal: ReadJournal = createJournalReader({ ...journalSql, read: readJournalSql })

/** As `readJournal`, without the builds: what an application reads. */
export const pollJournal: ReadJournal = createJournalReader({ ...journalSql, read: pollJournalSql })

/**
 * As `pollJournal`, and says that this process lives.
 *
 * @throws as `readJournal`, and `STATUS.READ_ONLY`, `JOURNAL.OLDER`
 */
export const reportHeartbeat: ReportHeartbeat = createHeartbeatReporter(journalSql, heartbeatSql)
