import type { Dialect } from '@phasegate/core'

/** The dialects of this version, each loaded on first use, since it brings the driver and the SQL parser. */
export const DIALECTS: Readonly<Record<string, () => Promise<Dialect>>> = {
  postgres: async () => (await import('@phasegate/postgres')).postgresDialect,
}

/** Dialects of the design that a later version brings; known, so that they are refused by name. */
export const LATER_DIALECTS: ReadonlySet<string> = new Set(['mysql', 'mariadb'])

/** What knex calls the clients of each dialect. */
export const KNEX_CLIENTS: Readonly<Record<string, string>> = {
  pg: 'postgres',
  'pg-native': 'postgres',
  pgnative: 'postgres',
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mysql2: 'mysql',
  mariadb: 'mariadb',
}

/** Where neither the config nor the URL says one. */
export const DEFAULT_DIALECT = 'postgres'
