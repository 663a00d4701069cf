import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createProject, type Project } from '../support/project.js'
import { type AnyDatabase, createDatabase, describeOnEveryServer } from '../support/servers.js'
import { countOf, shapeOf, wordsOf } from '../support/sql-words.js'
import { applied, codeOf, inProcess, library } from './library.js'

const NAME = '20261122093000_bad'

const file = (body: string): Project =>
  createProject({
    [`phasegate/${NAME}.ts`]: `import { allow, defineMigration, sql } from 'phasegate'
      export default defineMigration({ appUses: 'new', ${body} })`,
  })

describeOnEveryServer('what is refused with nothing executed', (server) => {
  test.each([
    ['a statement that does not parse', 'ALTER TABLE users ADD COLUMN', 'SQL.SYNTAX'],
    ['an open string', `UPDATE users SET a = 'x`, 'SQL.SYNTAX'],
    ['a transaction of its own', 'BEGIN', 'SQL.TRANSACTION_CONTROL'],
    ['a commit', 'COMMIT', 'SQL.TRANSACTION_CONTROL'],
    ['a setting', `SET search_path = 'x'`, 'SQL.TRANSACTION_CONTROL'],
    ['a database', 'CREATE DATABASE other', 'SQL.CLUSTER_WIDE'],
    ['a drop in expand', 'DROP TABLE users', 'CHECK.FINDINGS'],
    ['an update in expand', 'UPDATE users SET a = 1', 'CHECK.FINDINGS'],
  ])('%s', async (_, statement, code) => {
    const db = await createDatabase(server)
    const project = createProject({
      'phasegate/20261121000000_first.sql': '-- phase: expand\nCREATE TABLE users (id int PRIMARY KEY, a int);\n',
      [`phasegate/${NAME}.sql`]: `-- phase: expand\n${statement};\n`,
    })
    expect(await codeOf(library.runExpand(inProcess(project, db)))).toBe(code)
    expect(await shapeOf(db)).toEqual([])
  })

  test('whatever touches the journal', async () => {
    const db = await createDatabase(server)
    const project = createProject({
      [`phasegate/${NAME}.sql`]: `-- phase: contract\n-- app-uses: new\nDROP TABLE ${wordsOf(server).journal('unit')};\n`,
    })
    expect(await codeOf(library.runPlan(inProcess(project, db)))).toBe('SQL.JOURNAL')
  })

  test.each<[string, string, string, string]>([
    [
      'a table that is not there',
      '',
      '{ table: "items", set: { a: sql`1` }, where: sql`a IS NULL` }',
      'BACKFILL.NO_TABLE',
    ],
    [
      'a column that is not there',
      'CREATE TABLE items (id int PRIMARY KEY, n int)',
      '{ table: "items", set: { a: sql`1` }, where: sql`a IS NULL` }',
      'BACKFILL.NO_COLUMN',
    ],
    [
      'a table without a key',
      'CREATE TABLE items (id int, a int)',
      '{ table: "items", set: { a: sql`1` } }',
      'BACKFILL.NO_KEY',
    ],
    [
      'a key that may be NULL',
      'CREATE TABLE items (id int UNIQUE, a int)',
      '{ table: "items", set: { a: sql`1` } }',
      'BACKFILL.NO_KEY',
    ],
    [
      'a key that it sets',
      'CREATE TABLE items (id int PRIMARY KEY, a int)',
      '{ table: "items", set: { id: sql`a` }, once: true }',
      'BACKFILL.NO_KEY',
    ],
    [
      'a generated column',
      'CREATE TABLE items (id int PRIMARY KEY, n int, a int GENERATED ALWAYS AS (n + 1) STORED)',
      '{ table: "items", set: { a: sql`n` }, where: sql`a IS NULL` }',
      'BACKFILL.EXPRESSION',
    ],
    [
      'an expression of a missing column',
      'CREATE TABLE items (id int PRIMARY KEY, a int)',
      '{ table: "items", set: { a: sql`nothing + 1` }, where: sql`a IS NULL` }',
      'BACKFILL.NO_COLUMN',
    ],
    [
      'a function that is not there',
      'CREATE TABLE items (id int PRIMARY KEY, a int)',
      '{ table: "items", set: { a: sql`no_such_function(id)` }, where: sql`a IS NULL` }',
      'BACKFILL.EXPRESSION',
    ],
    [
      'an expression that reads what it sets',
      'CREATE TABLE items (id int PRIMARY KEY, a int)',
      '{ table: "items", set: { a: sql`a + 1` } }',
      'BACKFILL.NOT_IDEMPOTENT',
    ],
  ])('a backfill of %s', async (_, table, backfill, code) => {
    const db = await createDatabase(server)
    if (table !== '') await db.query(`${table}; INSERT INTO items (id) VALUES (1)`)
    const options = inProcess(file(`backfill: ${backfill}`), db)
    const code_ = await codeOf(
      library.runBackfill(options).then((result) => {
        const [unit] = result.units as readonly { readonly error?: { readonly code: string } }[]
        throw Object.assign(new Error(JSON.stringify(result)), { code: unit?.error?.code })
      }),
    )
    expect(code_).toBe(code)
  })
})

describeOnEveryServer('odd names', (server) => {
  const { name } = wordsOf(server)

  test.each(['select', 'Größe 中', 'we`ird "quo\'ted', 'per%cent ?', 'semi;colon -- #'])(
    'as %s go through expand, sync, backfill, contract and revert',
    async (odd) => {
      const [table, column, old] = [`t ${odd}`, `c ${odd}`, `o ${odd}`]
      const db = await createDatabase(server)
      await db.query(`CREATE TABLE ${name(table)} (${name('id')} int PRIMARY KEY, ${name(old)} int)`)
      await db.query(`INSERT INTO ${name(table)} VALUES (1, 10), (2, 20)`)
      const [t, c, o] = [table, column, old].map((text) => JSON.stringify(text))
      const project = file(`
        expand: ({ ops }) => [
          ops.addColumn(${t}, ${c}, 'integer'),
          ops.createIndex(${t}, [${c}], { name: ${JSON.stringify(`i ${odd}`)} }),
        ],
        sync: { table: ${t}, forward: { [${c}]: sql\`\${sql.id(${o})} + 1\` } },
        backfill: { table: ${t}, set: { [${c}]: sql\`\${sql.id(${o})} + 1\` }, where: sql\`\${sql.id(${c})} IS NULL\` },
        contract: ({ ops }) => [ops.setNotNull(${t}, ${c}), ops.dropColumn(${t}, ${o})],
      `)
      const options = inProcess(project, db)
      const before = await shapeOf(db)
      await applied(library.runExpand(options))
      await db.query(`INSERT INTO ${name(table)} (id, ${name(old)}) VALUES (3, 30)`)
      expect(await countOf(db, `${name(table)} WHERE ${name(column)} = 31`), 'sync').toBe(1)
      await applied(library.runRevert({ ...options, migration: 'bad', confirm: db.name }))
      expect(await shapeOf(db)).toEqual(before)

      await applied(library.runExpand({ ...options, units: ['bad'] }))
      await applied(library.runBackfill(options))
      await library.runApprove({ ...options, unit: 'bad:contract', reason: 'test' })
      await applied(library.runContract({ ...options, confirm: db.name }))
      expect(await countOf(db, `${name(table)} WHERE ${name(column)} IN (11, 21, 31)`)).toBe(3)
      await expect(db.query(`SELECT ${name(old)} FROM ${name(table)}`)).rejects.toThrow()
    },
  )
})

describeOnEveryServer('rows in the way of a backfill', (server) => {
  const { numbers } = wordsOf(server)
  const counted = (): Project =>
    file('backfill: { table: "items", set: { n: sql`n + 1` }, once: true, batch: { size: 20 } }')

  async function items(): Promise<AnyDatabase> {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE items (id int PRIMARY KEY, n int NOT NULL, note varchar(20));
      INSERT INTO items (id, n) SELECT g, 0 FROM ${numbers(100)}`)
    return db
  }

  test('that are locked are waited for, and each is changed exactly once', async () => {
    const db = await items()
    const holder = await db.open()
    await holder.query('BEGIN')
    await holder.query(`UPDATE items SET note = 'mine' WHERE id IN (45, 77)`)
    const run = library.runBackfill(inProcess(counted(), db))
    // Longer than any timeout of ours for a lock, so that batches do fail midway.
    await sleep(4000)
    await holder.query(`UPDATE items SET note = 'still mine' WHERE id = 50`)
    await holder.query('COMMIT')
    await holder.close()
    await applied(run)
    expect(await countOf(db, 'items WHERE n = 1')).toBe(100)
    expect(await countOf(db, `items WHERE note IS NOT NULL`)).toBe(3)
  }, 120_000)

  test('that break a rule stop it with their key, and nothing is bent to fit', async () => {
    const db = await items()
    await db.query('UPDATE items SET n = 2147483647 WHERE id = 63')
    const result = await library.runBackfill(inProcess(counted(), db))
    expect(result).toMatchObject({ exit: 9, units: [{ outcome: 'failed', error: { code: 'BACKFILL.ROW' } }] })
    expect(JSON.stringify(result.units)).toMatch(/\b63\b/)
    expect(await countOf(db, 'items WHERE id < 41 AND n = 1'), 'batches before it stand').toBe(40)
    expect(await countOf(db, 'items WHERE id > 63 AND n = 0'), 'none after it began').toBe(37)
    expect(await countOf(db, 'items WHERE id = 63 AND n = 2147483647')).toBe(1)
    await db.query('UPDATE items SET n = 0 WHERE id = 63')
    await applied(library.runBackfill(inProcess(counted(), db)))
    expect(await countOf(db, 'items WHERE n = 1')).toBe(100)
  }, 120_000)

  test('a second run meanwhile takes its part or waits, and no row is changed twice', async () => {
    const db = await items()
    const project = counted()
    const results = await Promise.all([1, 2, 3].map(() => library.runBackfill(inProcess(project, db))))
    expect(results.map(({ exit }) => exit)).toEqual([0, 0, 0])
    expect(await countOf(db, 'items WHERE n = 1')).toBe(100)
  }, 120_000)
})

describe('a URL', () => {
  test.each(['mysql', 'mariadb', 'postgres'])('of %s that leads nowhere is a coded error', async (scheme) => {
    const project = file(`expand: () => [sql\`CREATE TABLE t (id int PRIMARY KEY)\`]`)
    const url = `${scheme}://app:secret@127.0.0.1:1/shop`
    expect(await codeOf(library.runExpand(inProcess(project, { url })))).toBe('DATABASE.UNREACHABLE')
  })
})
