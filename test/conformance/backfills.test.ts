import { describe, expect, test } from 'vitest'
import { createProject } from '../support/project.js'
import { type AnyDatabase, createDatabase, describeOnEveryServer } from '../support/servers.js'
import { countOf, wordsOf } from '../support/sql-words.js'
import { KEY_TYPES } from './key-types.js'
import { applied, inProcess, library } from './library.js'

const NAME = '20261122093000_fill'
const ROWS = 120

/** What a backfill may look like. `right` is true of every row afterwards. */
interface Form {
  readonly what: string
  /** Of a TypeScript file, or of an SQL one. */
  readonly backfill: string
  readonly right: string
  /** How many rows there are then; default: all that there were. */
  readonly rows?: number
}

const FORMS: readonly Form[] = [
  {
    what: 'a column from another, where it is missing',
    backfill: '{ table: "items", set: { a: sql`n * 2` }, where: sql`a IS NULL` }',
    right: 'a = n * 2',
  },
  {
    what: 'several columns, without a where',
    backfill: "{ table: \"items\", set: { a: sql`n + 1`, b: sql`concat('<', n, '>')` } }",
    right: "a = n + 1 AND b = concat('<', n, '>')",
  },
  {
    what: 'a value that is NULL for some rows',
    backfill: '{ table: "items", set: { a: sql`nullif(n, 7)` }, where: sql`a IS NULL` }',
    right: '(n = 7 AND a IS NULL) OR a = n',
  },
  {
    what: 'once, where twice would be wrong',
    backfill: '{ table: "items", set: { n: sql`n + 1000` }, once: true, batch: { size: 10 } }',
    right: 'n > 1000 AND n <= 1000 + 120',
  },
  {
    what: 'a column that the condition reads',
    backfill: '{ table: "items", set: { n: sql`-n` }, where: sql`n > 0` }',
    right: 'n < 0',
  },
  {
    what: 'by another key, in small batches',
    backfill:
      '{ table: "items", set: { a: sql`n` }, where: sql`a IS NULL`, key: "other", batch: { size: 10, time: 20 } }',
    right: 'a = n',
  },
  {
    what: 'from another table, by a correlated subquery',
    backfill:
      '{ table: "items", set: { b: sql`(SELECT p.name FROM parents p WHERE p.id = items.parent)` }, where: sql`b IS NULL` }',
    right: "b = concat('parent ', parent)",
  },
  {
    what: 'as SQL',
    backfill:
      "-- app-uses: new\n-- batch: size=10\n-- phase: backfill\nUPDATE items SET a = n * 3, b = concat('it''s ', n)\nWHERE a IS NULL;\n",
    right: "a = n * 3 AND b = concat('it''s ', n)",
  },
  {
    what: 'rows to be removed',
    backfill: '{ table: "items", delete: true, where: sql`n % 3 = 0`, batch: { size: 10 } }',
    right: 'n % 3 <> 0',
    rows: ROWS - ROWS / 3,
  },
  {
    what: 'rows to be removed, as SQL',
    backfill:
      "-- app-uses: new\n-- batch: size=10 key=other\n-- phase: backfill\nDELETE FROM items\nWHERE parent IN (SELECT p.id FROM parents p WHERE p.name LIKE '%2'); -- gone\n",
    right: 'parent <> 2',
    rows: ROWS - ROWS / 5,
  },
  {
    what: 'values from JavaScript',
    backfill:
      '{ table: "items", select: ["n", "parent"], map: async (rows) => rows.map(({ n, parent }) => n === 7 ? null : { a: n * 5, b: "of " + parent }), set: ["a", "b"], version: "1", deterministic: true, batch: { size: 10 } }',
    right: "(n = 7 AND a IS NULL AND b IS NULL) OR (a = n * 5 AND b = concat('of ', parent))",
  },
  {
    what: 'values from JavaScript, where they are missing',
    backfill:
      '{ table: "items", select: ["n"], map: (rows) => rows.map(({ n }) => ({ a: n * 5 })), set: ["a"], where: sql`a IS NULL`, version: "1", key: "other" }',
    right: 'a = n * 5',
  },
  {
    what: 'another table',
    backfill:
      '{ from: "items", into: "copies", select: { item: sql`id`, b: sql`concat(n, \' of \', items.parent)` }, where: sql`n > 20`, onConflict: { columns: ["item"], do: "update" }, dualWrite: true, batch: { size: 10 } }',
    right:
      "(n <= 20) = (NOT EXISTS (SELECT 1 FROM copies c WHERE c.item = items.id AND c.b = concat(n, ' of ', items.parent)))",
  },
  {
    what: 'another table, where rows that are there stay',
    backfill:
      '{ from: "items", into: "copies", select: { item: sql`id`, b: sql`concat(n)` }, onConflict: { columns: ["item"], do: "nothing" }, dualWrite: true, key: "other" }',
    right:
      "(SELECT c.b FROM copies c WHERE c.item = items.id) = CASE WHEN id IN (7, 50) THEN 'kept' ELSE concat(n) END",
  },
]

describeOnEveryServer('a backfill', (server) => {
  const { numbers } = wordsOf(server)

  async function run(db: AnyDatabase, backfill: string): Promise<void> {
    const file = backfill.startsWith('--')
      ? { [`phasegate/${NAME}.sql`]: backfill }
      : {
          [`phasegate/${NAME}.ts`]: `import { defineMigration, sql } from 'phasegate'
            export default defineMigration({ appUses: 'new', backfill: ${backfill} })`,
        }
    const options = inProcess(createProject(file), db)
    const { units } = await applied(library.runBackfill(options))
    expect(units).toMatchObject([{ outcome: 'applied' }])
    expect(await applied(library.runBackfill(options)), 'there is nothing left to do').toMatchObject({ units: [] })
  }

  test.each(FORMS)('of $what leaves every row as it should be', async ({ backfill, right, rows = ROWS }) => {
    const db = await createDatabase(server, {
      name: 'conformance_items',
      sql: `CREATE TABLE parents (id int PRIMARY KEY, name varchar(40));
        CREATE TABLE items (id int PRIMARY KEY, other bigint NOT NULL UNIQUE, parent int, n int, a int, b varchar(60));
        CREATE TABLE copies (id int, item int NOT NULL UNIQUE, b varchar(60));
        INSERT INTO copies (item, b) VALUES (7, 'kept'), (50, 'kept');
        INSERT INTO parents SELECT g, concat('parent ', g) FROM ${numbers(5)};
        INSERT INTO items SELECT g, 1000 - g, 1 + g % 5, g, NULL, NULL FROM ${numbers(ROWS)}`,
    })
    await run(db, backfill)
    expect(await countOf(db, `items WHERE ${right}`)).toBe(rows)
    expect(await countOf(db, 'items')).toBe(rows)
  })

  describe('by a key', () => {
    test.each(KEY_TYPES[server.family])('of type $type changes each row exactly once', async ({ type, value }) => {
      const db = await createDatabase(server)
      await db.query(`CREATE TABLE items (k ${type} NOT NULL PRIMARY KEY, n int NOT NULL DEFAULT 0);
        INSERT INTO items (k) SELECT ${value} FROM ${numbers(ROWS)}`)
      await run(db, '{ table: "items", set: { n: sql`n + 1` }, once: true, batch: { size: 10, time: 50 } }')
      expect(await countOf(db, 'items WHERE n = 1')).toBe(ROWS)
    })
  })
})
