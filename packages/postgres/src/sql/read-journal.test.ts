import { READABLE_BELOW } from '@phasegate/core'
import { describe, expect, it, vi } from 'vitest'
import { LOCK_CLASS, TABLE_LOCK_CLASS } from '../session/lane-lock.js'
import { describeDatabaseSql } from './describe-database.js'
import { grantsFor } from './journal-errors.js'
import { parseJournal } from './parse-journal.js'
import { readJournal } from './read-journal.js'
import { ADVISORY_LOCK_CLASSES, readJournalSql } from './read-journal-sql.js'

const journal = (version: number): string => JSON.stringify({ exists: true, version, units: [] })
const database = (exists: boolean): unknown => [
  {
    d: JSON.stringify({
      database: 'shop',
      dialect: 'postgres',
      version: '18.4',
      now: '2026-11-22T10:00:00Z',
      role: 'ann',
      exists,
    }),
  },
]
const state = (code: string): Error => Object.assign(new Error(`SQLSTATE ${code}`), { code })
const failing = (error: Error, exists = true) =>
  vi.fn(async (sql: string) => {
    if (sql === readJournalSql) throw error
    return database(exists)
  })

describe('reading the journal', () => {
  it('takes one round trip where there is one', async () => {
    const run = vi.fn(async () => ({ rows: [{ journal: journal(1) }] }))
    expect((await readJournal(run)).version).toBe(1)
    expect(run).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['as pg throws it', state('42P01')],
    ['of a missing schema', state('3F000')],
    ['inside a wrapper', Object.assign(new Error('wrapped'), { code: 'P2010', meta: { code: '42P01' } })],
    ['as a cause', new Error('wrapped', { cause: state('42P01') })],
  ])('takes a missing table for a database without a journal, %s', async (_, error) => {
    const snapshot = await readJournal(failing(error, false))
    expect(snapshot).toMatchObject({ exists: false, database: 'shop', server: { dialect: 'postgres' }, units: [] })
  })

  it('asks for what cannot fail where no journal is expected', async () => {
    const run = vi.fn(async () => database(false))
    expect((await readJournal(run, { lookFirst: true })).exists).toBe(false)
    expect(run.mock.calls).toEqual([[describeDatabaseSql]])
  })

  it('is empty while a runner creates the journal', async () => {
    const run = async (sql: string): Promise<unknown> => (sql === readJournalSql ? { rows: [] } : database(true))
    expect((await readJournal(run)).exists).toBe(false)
  })

  it('names the role and the GRANTs where it is forbidden', async () => {
    await expect(readJournal(failing(state('42501')))).rejects.toMatchObject({
      code: 'JOURNAL.FORBIDDEN',
      meta: { role: 'ann', grants: grantsFor('ann') },
    })
  })

  it('reads again where a runner has created the journal between its question and the look at the catalog', async () => {
    let asked = 0
    const run = async (sql: string): Promise<unknown> => {
      if (sql !== readJournalSql) return database(true)
      if (asked++ === 0) throw state('42P01')
      return { rows: [{ journal: journal(1) }] }
    }
    expect((await readJournal(run)).version).toBe(1)
  })

  it('tells a journal with a table missing from none', async () => {
    await expect(readJournal(failing(state('42P01'), true))).rejects.toMatchObject({ code: 'JOURNAL.DAMAGED' })
  })

  it('passes on what the driver threw', async () => {
    const error = state('57P01')
    await expect(readJournal(failing(error))).rejects.toBe(error)
  })

  it('reads every version of this major and refuses the next', () => {
    expect(parseJournal(journal(READABLE_BELOW - 1)).version).toBe(READABLE_BELOW - 1)
    expect(() => parseJournal(journal(READABLE_BELOW))).toThrow(expect.objectContaining({ code: 'JOURNAL.NEWER' }))
  })

  it('refuses a text that is no journal', () => {
    for (const text of ['', '{}', 'null', '{"exists":true}'])
      expect(() => parseJournal(text)).toThrow(expect.objectContaining({ code: 'JOURNAL.DAMAGED' }))
  })

  it('holds nothing that a query builder takes for a parameter', () => {
    for (const sql of [readJournalSql, describeDatabaseSql]) expect(sql).not.toMatch(/[?$]/)
  })

  it('looks for the advisory locks that runners take', () =>
    expect(ADVISORY_LOCK_CLASSES).toEqual([LOCK_CLASS, TABLE_LOCK_CLASS]))

  it('quotes a role as PostgreSQL does', () => {
    expect(grantsFor('my "role"')[0]).toBe('GRANT USAGE ON SCHEMA phasegate TO "my ""role""";')
  })
})
