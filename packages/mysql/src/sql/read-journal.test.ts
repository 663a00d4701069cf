import { READABLE_BELOW } from '@phasegate/core'
import { describe, expect, it, vi } from 'vitest'
import { SESSION_LOCK } from '../session/lane-lock.js'
import { describeDatabaseSql } from './describe-database.js'
import { grantsFor } from './journal-errors.js'
import { JOURNAL_TABLES } from './journal-tables.js'
import { parseJournal } from './parse-journal.js'
import { readJournal } from './read-journal.js'
import { readJournalSql, SESSION_LOCK_PREFIX } from './read-journal-sql.js'

const header = (version: number): string =>
  JSON.stringify({
    journal: { version, target: 't', database: 'shop', dialect: 'mariadb', server: '10.11.19-MariaDB', now: 'now' },
    json: { held: null },
  })
const record = (part: string, fields: object, json: object = {}): string => JSON.stringify({ [part]: fields, json })
const rows = (texts: readonly string[]): unknown => [texts.map((journal) => ({ journal })), [{ name: 'journal' }]]
const database = (exists: boolean): unknown =>
  rows([
    JSON.stringify({
      database: 'shop',
      dialect: 'mysql',
      version: '9.7.4',
      now: 'n',
      role: 'ann@%',
      exists: Number(exists),
    }),
  ])
const numbered = (errno: number): Error => Object.assign(new Error(`error ${errno}`), { errno })
const failing = (error: Error, exists = true) =>
  vi.fn(async (sql: string) => {
    if (sql === readJournalSql) throw error
    return database(exists)
  })

describe('reading the journal', () => {
  it('takes one round trip where there is one', async () => {
    const run = vi.fn(async () => rows([header(1)]))
    expect(await readJournal(run)).toMatchObject({
      version: 1,
      server: { dialect: 'mariadb', version: '10.11.19-MariaDB' },
    })
    expect(run).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['as mysql2 throws it', numbered(1146)],
    ['inside a wrapper', Object.assign(new Error('wrapped'), { code: 'P2010', meta: { code: '1146' } })],
    ['as a cause', new Error('wrapped', { cause: numbered(1146) })],
    ['as the driver error', Object.assign(new Error('wrapped'), { driverError: numbered(1146) })],
  ])('takes a missing table for a database without a journal, %s', async (_, error) => {
    const snapshot = await readJournal(failing(error, false))
    expect(snapshot).toMatchObject({
      exists: false,
      database: 'shop',
      server: { dialect: 'mysql', version: '9.7.4' },
      units: [],
    })
  })

  it('asks for what cannot fail where no journal is expected', async () => {
    const run = vi.fn(async () => database(false))
    expect((await readJournal(run, { lookFirst: true })).exists).toBe(false)
    expect(run.mock.calls).toEqual([[describeDatabaseSql]])
  })

  it('is empty while a runner creates the journal', async () => {
    const run = async (sql: string): Promise<unknown> => (sql === readJournalSql ? [[], []] : database(true))
    expect((await readJournal(run)).exists).toBe(false)
  })

  it.each([1142, 1143])('names the account and the GRANTs where it is forbidden by error %i', async (errno) => {
    await expect(readJournal(failing(numbered(errno)))).rejects.toMatchObject({
      code: 'JOURNAL.FORBIDDEN',
      meta: { role: 'ann@%', grants: grantsFor('ann@%', 'shop') },
    })
  })

  it('tells a journal with a table missing from none', async () => {
    await expect(readJournal(failing(numbered(1146), true))).rejects.toMatchObject({ code: 'JOURNAL.DAMAGED' })
  })

  it('passes on what the driver threw', async () => {
    const error = numbered(1045)
    await expect(readJournal(failing(error))).rejects.toBe(error)
  })

  it('reads every version of this major and refuses the next', () => {
    expect(parseJournal([header(READABLE_BELOW - 1)])?.version).toBe(READABLE_BELOW - 1)
    expect(() => parseJournal([header(READABLE_BELOW)])).toThrow(expect.objectContaining({ code: 'JOURNAL.NEWER' }))
  })

  it('puts the records in order, in whatever order they came', () => {
    const unit = (migration: string, phase: string): string => record('unit', { migration, phase }, { detail: {} })
    const evidence = (gate: string): string =>
      record('evidence', { migration: 'a', phase: 'contract', gate }, { check: { name: gate } })
    const snapshot = parseJournal([
      unit('b', 'contract'),
      unit('b', 'expand'),
      record('approval', { id: '9007199254740993' }),
      record('approval', { id: '10' }),
      record('approval', { id: '9' }),
      evidence('soak'),
      evidence('approval'),
      record('build', { digest: 'd2', firstSeen: '1' }, { uses: null }),
      record('build', { digest: 'd1', firstSeen: '1' }, { uses: { a: 'new' } }),
      header(1),
      unit('b', 'backfill'),
      unit('B', 'expand'),
    ])
    expect(snapshot?.units.map(({ migration, phase }) => `${migration}:${phase}`)).toEqual([
      'B:expand',
      'b:expand',
      'b:backfill',
      'b:contract',
    ])
    expect(snapshot?.approvals.map(({ id }) => id)).toEqual(['9', '10', '9007199254740993'])
    expect(snapshot?.evidence).toEqual([
      { migration: 'a', phase: 'contract', check: { name: 'approval' } },
      { migration: 'a', phase: 'contract', check: { name: 'soak' } },
    ])
    expect(snapshot?.builds).toEqual([
      { digest: 'd1', firstSeen: '1', uses: { a: 'new' } },
      { digest: 'd2', firstSeen: '1', uses: {} },
    ])
  })

  it('refuses a text that is no journal', () => {
    for (const text of ['', '{}', 'null', '{"json":null}', '{"unit":'])
      expect(() => parseJournal([header(1), text])).toThrow(expect.objectContaining({ code: 'JOURNAL.DAMAGED' }))
  })

  it('holds nothing that a query builder takes for a parameter', () => {
    // The `$.` of a JSON path is none.
    for (const sql of [readJournalSql, describeDatabaseSql]) expect(sql).not.toMatch(/\?|:\w|\$[\w${]/)
  })

  it('holds no text in double quotes, which ANSI_QUOTES takes for names, and no backslash', () => {
    for (const sql of [readJournalSql, describeDatabaseSql]) expect(sql.replaceAll(/'[^']*'/g, '')).not.toMatch(/["\\]/)
  })

  it('looks for the locks that sessions take', () => expect(SESSION_LOCK).toContain(`'${SESSION_LOCK_PREFIX}'`))

  it('grants each table, to the account as the server names it', () => {
    expect(grantsFor('my `app`@10.%', 'a`b')).toEqual(
      JOURNAL_TABLES.map((table) => `GRANT SELECT ON \`a\`\`b\`.\`${table}\` TO \`my \`\`app\`\`\`@\`10.%\`;`),
    )
  })
})
