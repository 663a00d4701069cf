import type { DemoDatabase } from './demo-database.js'
import { observeMysql } from './mysql/observe-mysql.js'
import { openMysqlPool } from './mysql/open-mysql-pool.js'
import { startMariadb, startMysql } from './mysql/start-mysql.js'
import { observePostgres } from './postgres/observe-postgres.js'
import { openPostgresPool } from './postgres/open-postgres-pool.js'
import { startPostgres } from './postgres/start-postgres.js'

const mysql = { openPool: openMysqlPool, observe: observeMysql }

/** By the name that `--database` gives, and the scheme of a URL. */
export const DATABASES: Readonly<Record<string, DemoDatabase>> = {
  postgres: { start: startPostgres, openPool: openPostgresPool, observe: observePostgres },
  mysql: { start: startMysql, ...mysql },
  mariadb: { start: startMariadb, ...mysql },
}

/** @throws Error where the demo cannot use it */
export function databaseOf(url: string): DemoDatabase {
  const scheme = url.slice(0, url.indexOf('://'))
  const found = DATABASES[scheme === 'postgresql' ? 'postgres' : scheme]
  if (found === undefined) throw new Error(`there is no database '${scheme}'`)
  return found
}
