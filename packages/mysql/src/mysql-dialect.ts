import type { Dialect } from '@phasegate/core'
import { connectMysql } from './mysql-target.js'
import { mysqlQuoting } from './quoting.js'
import { type Flavour, mysqlServer } from './server/mysql-server.js'

/** MySQL 8.0 to 9.x behind the `Dialect` port. */
export const mysqlDialect: Dialect = dialect('mysql')

/** MariaDB 10.6 to 11.x behind the `Dialect` port. */
export const mariadbDialect: Dialect = dialect('mariadb')

function dialect(name: Flavour): Dialect {
  return {
    name,
    quoting: mysqlQuoting,
    versioned: true,
    // knex is large, and the verbs that only read the journal need neither it nor the compiler.
    compile: async (migration, options) => {
      const [{ compileMigration }, { mysqlLanguage }] = await Promise.all([
        import('@phasegate/core/compile'),
        import('./mysql-language.js'),
      ])
      return compileMigration(migration, options, mysqlLanguage(mysqlServer(name, options.serverVersion)))
    },
    connect: connectMysql,
  }
}
