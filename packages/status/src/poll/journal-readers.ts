import type { ReadJournal } from '@phasegate/core'
import { readJournal as readFromMysql } from '@phasegate/mysql/sql'
import { readJournal as readFromPostgres } from '@phasegate/postgres/sql'

/** What a database speaks. MySQL's and MariaDB's journals are read by one statement, so either name will do for both. */
export type Dialect = 'postgres' | 'mysql' | 'mariadb'

/** How each dialect's journal is read. */
export const JOURNAL_READERS: Readonly<Record<Dialect, ReadJournal>> = {
  postgres: readFromPostgres,
  mysql: readFromMysql,
  mariadb: readFromMysql,
}
