import type { Dialect } from '@phasegate/core'
import { connectPostgres } from './postgres-target.js'
import { postgresQuoting } from './quoting.js'
import { withSearchPath } from './session/search-path.js'

/** PostgreSQL 14 to 18 behind the `Dialect` port. */
export const postgresDialect: Dialect = {
  name: 'postgres',
  quoting: postgresQuoting,
  versioned: false,
  // The parser and knex are large, and the verbs that only read the journal need neither.
  compile: async (migration, options) => {
    const [{ compileMigration }, { postgresLanguage }] = await Promise.all([
      import('@phasegate/core/compile'),
      import('./postgres-language.js'),
    ])
    return compileMigration(migration, options, postgresLanguage)
  },
  connect: connectPostgres,
  withSearchPath,
}
