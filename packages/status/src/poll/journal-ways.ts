import type { ReadJournal, ReportHeartbeat } from '@phasegate/core'
import { pollJournal as readFromMysql, reportHeartbeat as reportToMysql } from '@phasegate/mysql/sql'
import { pollJournal as readFromPostgres, reportHeartbeat as reportToPostgres } from '@phasegate/postgres/sql'

/** What a database speaks. MySQL's and MariaDB's journals are read by one statement, so either name will do for both. */
export type Dialect = 'postgres' | 'mysql' | 'mariadb'

/** How a journal is read, and how a process reports to it. */
export interface JournalWay {
  readonly read: ReadJournal
  readonly reporter: ReportHeartbeat
}

const MYSQL: JournalWay = { read: readFromMysql, reporter: reportToMysql }

/** One way a dialect. */
export const JOURNAL_WAYS: Readonly<Record<Dialect, JournalWay>> = {
  postgres: { read: readFromPostgres, reporter: reportToPostgres },
  mysql: MYSQL,
  mariadb: MYSQL,
}
