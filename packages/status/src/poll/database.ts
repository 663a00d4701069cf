import {
  EXIT,
  type Heartbeat,
  type JournalSnapshot,
  PhasegateError,
  type ReadJournalOptions,
  type ReportedBuild,
  type ReportOptions,
} from '@phasegate/core'
import { type Dialect, JOURNAL_WAYS } from './journal-ways.js'
import { isMysql2, type Mysql2Like, queryThroughMysql2 } from './mysql2-client.js'

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

export type Database = KnexLike | PgLike | Mysql2Like | QueryFunction

export interface DatabaseOptions {
  /** ms that a statement may take. */
  readonly timeout: number
  /** What a query function leads to; a client says it itself. */
  readonly dialect?: Dialect | undefined
}

/** What knex calls the dialects whose journal this version can read. */
const KNEX_DIALECTS: ReadonlyMap<unknown, Dialect> = new Map([
  ['postgresql', 'postgres'],
  ['mysql', 'mysql'],
])

interface Client {
  readonly dialect: Dialect
  readonly query: QueryFunction
}

/** The journal over one client. */
export interface AppJournal {
  read(options: ReadJournalOptions): Promise<JournalSnapshot>
  /** Reads, and stores the heartbeat. */
  report(heartbeat: Heartbeat, build: ReportedBuild, options: ReportOptions): Promise<JournalSnapshot>
  leave(id: string): Promise<void>
  /** Recorded build manifests of an application, as JSON; the newest first. */
  manifests(application: string): Promise<readonly string[]>
}

/**
 * One way to the journal, for every client. Timeouts are the client's: no SET runs on a pool that is not ours. knex, pg and a
 * pool of mysql2 drop the connection of a statement that they gave up, so that it cannot answer somebody else.
 *
 * @throws `STATUS.DATABASE` for what is none of the clients above, one of another database family, or not of the
 * `dialect` that was named.
 */
export function journalOf(database: Database, options: DatabaseOptions): AppJournal {
  const named = options.dialect
  if (named !== undefined && !Object.hasOwn(JOURNAL_WAYS, named)) throw unknownDialect(named)
  const { dialect, query } = clientOf(database, options)
  const { read, reporter } = JOURNAL_WAYS[dialect]
  if (named !== undefined && JOURNAL_WAYS[named].read !== read) throw otherDialect(named, dialect)
  return {
    read: (reading) => read(query, reading),
    report: (heartbeat, build, reading) => reporter.report(query, heartbeat, build, reading),
    leave: (id) => reporter.leave(query, id),
    manifests: (application) => reporter.manifests(query, application),
  }
}

function clientOf(database: Database, { timeout, dialect: named = 'postgres' }: DatabaseOptions): Client {
  if (isKnex(database)) {
    const given = (database.client as { dialect?: unknown } | null)?.dialect
    const dialect = given === undefined ? named : KNEX_DIALECTS.get(given)
    if (dialect === undefined) throw notSupported(`a knex instance for ${given}`)
    return { dialect, query: async (sql) => database.raw(sql).timeout(timeout) }
  }
  if (typeof database === 'function') return { dialect: named, query: database }
  if (typeof database !== 'object' || database === null || !('query' in database || 'promise' in database))
    throw notSupported(database === null ? 'null' : `a value of type ${typeof database}`)
  if (isMysql2(database)) return { dialect: 'mysql', query: queryThroughMysql2(database, timeout) }
  // Of the clients with `query` alone, this is how mysql differs from pg; it knows callbacks only.
  if (!('query' in database) || 'escapeId' in database) throw notSupported('a client that looks like mysql')
  return { dialect: 'postgres', query: (sql) => database.query({ text: sql, query_timeout: timeout }) }
}

function isKnex(database: Database): database is KnexLike {
  return (
    typeof database === 'function' && 'raw' in database && typeof database.raw === 'function' && 'client' in database
  )
}

const FUNCTION = "createStatus({ database: (sql) => client.query(sql), dialect: 'mysql' })"

function notSupported(what: string): PhasegateError {
  return refused(
    `\`database\` is ${what}.`,
    'It takes a knex instance, a pg.Pool, a pool of mysql2 or a query function, connected to PostgreSQL, MySQL or MariaDB.',
    `For any other client pass a function: ${FUNCTION}`,
  )
}

function unknownDialect(named: unknown): PhasegateError {
  const known = Object.keys(JOURNAL_WAYS).join(', ')
  return refused(`\`dialect\` is ${String(named)}.`, `It is one of ${known}.`, FUNCTION)
}

function otherDialect(named: Dialect, found: Dialect): PhasegateError {
  return refused(
    `\`dialect\` is ${named}, and \`database\` is a client of ${found}.`,
    'A client says itself what it leads to; the option is for query functions.',
    'Leave `dialect` out.',
  )
}

function refused(message: string, why: string, next: string): PhasegateError {
  return new PhasegateError({ code: 'STATUS.DATABASE', message, why, next: [next], exit: EXIT.usage })
}
