import { pollJournalSql as readFromMysql } from '@phasegate/mysql/sql'
import { pollJournalSql as readFromPostgres } from '@phasegate/postgres/sql'
import { describe, expect, it, vi } from 'vitest'
import { type Database, type DatabaseOptions, journalOf } from './database.js'

const refused = expect.objectContaining({ code: 'STATUS.DATABASE' })
const down = new Error('down')

/** What is asked of `database` before it fails. */
async function asked(query: { mock: { calls: unknown[][] } }, database: unknown, options?: Partial<DatabaseOptions>) {
  await expect(journalOf(database as Database, { timeout: 5, ...options }).read({})).rejects.toBe(down)
  return query.mock.calls
}
const failing = () => vi.fn((..._: unknown[]) => Promise.reject(down))

describe('the way to ask', () => {
  it('a query function is called with the statement of the dialect that it was said to lead to', async () => {
    for (const [dialect, statement] of [
      [undefined, readFromPostgres],
      ['postgres', readFromPostgres],
      ['mysql', readFromMysql],
      ['mariadb', readFromMysql],
    ] as const) {
      const query = failing()
      expect(await asked(query, query, { dialect })).toEqual([[statement]])
    }
  })

  it('a pool of pg gets its timeout with the statement', async () => {
    const query = failing()
    expect(await asked(query, { query })).toEqual([[{ text: readFromPostgres, query_timeout: 5 }]])
  })

  it('a connection of mysql2 gets its timeout with the statement, whatever its flavour', async () => {
    const query = failing()
    const connection = { query, execute: () => {} }
    const statement = [{ sql: readFromMysql, timeout: 5 }]
    expect(await asked(query, connection)).toEqual([statement])
    const callbacks = { query: () => {}, execute: () => {}, promise: () => connection }
    expect(await asked(query, callbacks)).toEqual([statement, statement])
  })

  it('a pool of mysql2 gets back what answered, and loses what timed out', async () => {
    for (const [error, kept] of [
      [Object.assign(new Error('no such table'), { errno: 1064 }), true],
      [Object.assign(new Error('Query inactivity timeout'), { code: 'PROTOCOL_SEQUENCE_TIMEOUT' }), false],
    ] as const) {
      const ends = { release: vi.fn(), destroy: vi.fn() }
      const connection = { query: () => Promise.reject(error), execute: () => {}, ...ends }
      const pool = { query: () => {}, execute: () => {}, getConnection: async () => connection }
      await expect(journalOf(pool as unknown as Database, { timeout: 5 }).read({})).rejects.toBe(error)
      expect([ends.release.mock.calls.length, ends.destroy.mock.calls.length]).toEqual(kept ? [1, 0] : [0, 1])
    }
  })

  it.each<[string, string, string]>([
    ['postgres', 'postgresql', readFromPostgres],
    ['mysql', 'mysql', readFromMysql],
  ])('knex says itself that it leads to %s', async (_, dialect, statement) => {
    const timeout = failing()
    const raw = vi.fn((_sql: string) => ({ timeout }))
    expect(
      await asked(
        timeout,
        Object.assign(() => {}, { raw, client: { dialect } }),
      ),
    ).toEqual([[5]])
    expect(raw.mock.calls).toEqual([[statement]])
  })

  it.each<[string, unknown]>([
    ['nothing', null],
    ['a URL', 'postgres://localhost'],
    ['an object without query', {}],
    ['a client with callbacks alone', { query: () => {}, escapeId: () => {} }],
    ['knex for another database', Object.assign(() => {}, { raw: () => {}, client: { dialect: 'sqlite3' } })],
  ])('%s is refused at once', (_, database) => {
    expect(() => journalOf(database as Database, { timeout: 5 })).toThrow(refused)
  })

  it.each<[string, unknown, unknown]>([
    ['that nobody knows', () => {}, 'oracle'],
    ['that every object has', () => {}, 'toString'],
    ['that the client is not of', { query: () => {} }, 'mysql'],
  ])('a dialect %s is refused at once', (_, database, dialect) => {
    expect(() => journalOf(database as Database, { timeout: 5, dialect } as DatabaseOptions)).toThrow(refused)
  })
})
