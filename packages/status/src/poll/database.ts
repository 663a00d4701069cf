import { EXIT, PhasegateError } from '@phasegate/core'

/** Runs one statement without parameters; resolves to whatever the driver answers. */
export type QueryFunction = (sql: string) => Promise<unknown>

/** A pg.Pool, a pg.Client, or what behaves like one. */
export interface PgLike {
  query(config: { text: string; query_timeout: number }): Promise<unknown>
}

/** A knex instance. */
export interface KnexLike {
  raw(sql: string): { timeout(ms: number): PromiseLike<unknown> }
  readonly client: unknown
}

/** What knex calls the dialects whose journal this version can read. */
const READABLE: ReadonlySet<string> = new Set(['postgresql'])

export type Database = KnexLike | PgLike | QueryFunction

/**
 * One way to ask, for every client. Timeouts are the client's: no SET runs on a pool that is not ours. knex and pg drop
 * the connection of a statement that they gave up, so that it cannot answer somebody else.
 *
 * @param timeout ms that a statement may take.
 * @throws `STATUS.DATABASE` for what is none of the clients above, or one of another database family.
 */
export function queryFunctionOf(database: Database, timeout: number): QueryFunction {
  if (isKnex(database)) {
    const dialect = (database.client as { dialect?: unknown } | null)?.dialect
    if (typeof dialect === 'string' && !READABLE.has(dialect)) throw notSupported(`a knex instance for ${dialect}`)
    return async (sql) => database.raw(sql).timeout(timeout)
  }
  if (typeof database === 'function') return database
  if (typeof database !== 'object' || database === null || typeof database.query !== 'function')
    throw notSupported(database === null ? 'null' : `a value of type ${typeof database}`)
  // mysql2 has `execute` beside `query`; pg has not.
  if ('execute' in database) throw notSupported('a client that looks like mysql2')
  return (sql) => database.query({ text: sql, query_timeout: timeout })
}

function isKnex(database: Database): database is KnexLike {
  return (
    typeof database === 'function' && 'raw' in database && typeof database.raw === 'function' && 'client' in database
  )
}

function notSupported(what: string): PhasegateError {
  return new PhasegateError({
    code: 'STATUS.DATABASE',
    message: `\`database\` is ${what}.`,
    why: 'It takes a knex instance, a pg.Pool or a query function, connected to PostgreSQL.',
    next: ['For any other client pass a function: createStatus({ database: (sql) => client.query(sql) })'],
    exit: EXIT.usage,
  })
}
