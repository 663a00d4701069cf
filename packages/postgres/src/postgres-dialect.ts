import type { Dialect } from '@phasegate/core'
import { compileMigration } from './compile/compile-migration.js'
import { connectPostgres } from './postgres-target.js'
import { postgresQuoting } from './quoting.js'

/** PostgreSQL 14 to 18 behind the `Dialect` port. */
export const postgresDialect: Dialect = {
  name: 'postgres',
  quoting: postgresQuoting,
  compile: compileMigration,
  connect: connectPostgres,
}
