import type { Dialect } from '@phasegate/core'

export interface KnownDialect {
  /** As messages name it. */
  readonly title: string
  /** What its servers speak: a client of one dialect reaches the servers of every other with the same protocol. */
  readonly protocol: string
  /** Loaded on first use, since it brings the driver and the SQL parser. */
  readonly load: () => Promise<Dialect>
}

/** The dialects of this version, by the names that the config and targets give them. */
export const DIALECTS: Readonly<Record<string, KnownDialect>> = {
  postgres: {
    title: 'PostgreSQL',
    protocol: 'postgres',
    load: async () => (await import('@phasegate/postgres')).postgresDialect,
  },
  mysql: {
    title: 'MySQL',
    protocol: 'mysql',
    load: async () => (await import('@phasegate/mysql')).mysqlDialect,
  },
  mariadb: {
    title: 'MariaDB',
    protocol: 'mysql',
    load: async () => (await import('@phasegate/mysql')).mariadbDialect,
  },
}

/** What knex calls the clients of each dialect, and the schemes of their URLs. */
export const DIALECT_OF_CLIENT: Readonly<Record<string, string>> = {
  pg: 'postgres',
  'pg-native': 'postgres',
  pgnative: 'postgres',
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mysql2: 'mysql',
  mariadb: 'mariadb',
}

/** Where neither the config nor the database says one. */
export const DEFAULT_DIALECT = 'postgres'

/** `PostgreSQL, MySQL and MariaDB`, for messages. */
export function dialectTitles(): string {
  const titles = Object.values(DIALECTS).map((dialect) => dialect.title)
  return `${titles.slice(0, -1).join(', ')} and ${titles.at(-1)}`
}
