import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createProject, type Project } from '../support/project.js'
import { createDatabase, describeOnEveryMysql, type RunningMysql, startPrivateServer } from '../support/servers.js'
import { countOf, shapeOf, wordsOf } from '../support/sql-words.js'
import { applied, codeOf, inProcess, library } from './library.js'
import { referenceProject, usersDatabase } from './reference-migration.js'

const NAME = '20261122093000_bad'

/** What MySQL and MariaDB servers can be set to, and PostgreSQL has no counterpart of. */
describeOnEveryMysql('a server', (shared) => {
  const { family } = shared
  const words = wordsOf(shared)
  const file = (body: string): Project =>
    createProject({
      [`phasegate/${NAME}.ts`]: `import { defineMigration, sql } from 'phasegate'
        export default defineMigration({ appUses: 'new', ${body} })`,
    })

  /** The same database as somebody who has been granted this and no more. */
  async function asUser<T>(
    grants: string,
    work: (url: string, db: Awaited<ReturnType<typeof usersDatabase>>) => Promise<T>,
  ): Promise<T> {
    const db = await usersDatabase(shared, 20)
    const user = `u_${db.name.slice(5)}`
    await db.query(
      `CREATE USER '${user}'@'%' IDENTIFIED BY 'pw'; ${grants.replaceAll('$db', db.name).replaceAll('$user', `'${user}'@'%'`)}`,
    )
    try {
      return await work(db.url.replace(/\/\/[^@]+@/, `//${user}:pw@`), db)
    } finally {
      await db.query(`DROP USER '${user}'@'%'`)
    }
  }

  test('that does not let the account make the journal is refused, with the GRANT to run', async () => {
    await asUser('GRANT SELECT ON $db.* TO $user', async (url, db) => {
      const before = await shapeOf(db)
      const error = await library.runExpand(inProcess(referenceProject(words), { url })).catch((thrown) => thrown)
      expect(error).toMatchObject({ code: 'DATABASE.PERMISSION' })
      expect(error.next.join('\n')).toMatch(/GRANT .*CREATE.* ON .*test_/)
      expect(await shapeOf(db)).toEqual(before)
    })
  })

  test('that wants more than TRIGGER for a trigger beside a binary log says what it wants, and the rest goes on', async () => {
    const all = 'GRANT ALL ON $db.* TO $user'
    await asUser(all, async (url, db) => {
      const options = inProcess(referenceProject(words), { url })
      const failed = await library.runExpand(options)
      expect(failed).toMatchObject({ units: [{ outcome: 'failed', error: { code: 'DATABASE.PERMISSION' } }] })
      expect(JSON.stringify(failed.units)).toMatch(/log_bin_trust_function_creators/)
      // As an administrator.
      await applied(library.runExpand(inProcess(referenceProject(words), db)))
      expect((await shapeOf(db)).some((line) => line.startsWith('trigger'))).toBe(true)
    })
  })

  describe('of its own settings', () => {
    let server: RunningMysql
    beforeAll(async () => {
      server = await startPrivateServer({
        family,
        // As careless as servers of old: what does not fit is bent, and triggers need no SUPER.
        settings: { 'sql-mode': '', 'log-bin-trust-function-creators': '1', 'default-time-zone': '+05:30' },
      })
    })
    afterAll(() => server.stop())

    test('whose sql_mode bends values does not bend ours: NULL stays an error, and what does not fit stops', async () => {
      const db = await createDatabase(server)
      await db.query(`CREATE TABLE items (id int PRIMARY KEY, n tinyint, s varchar(3) NOT NULL);
        INSERT INTO items VALUES (1, NULL, 'a'), (2, 100, 'b')`)
      const tightened = file(`contract: ({ ops }) => [ops.setNotNull('items', 'n')]`)
      await library.runApprove({ ...inProcess(tightened, db), unit: 'bad:contract', reason: 'test' })
      expect(await library.runContract({ ...inProcess(tightened, db), confirm: db.name })).toMatchObject({ exit: 9 })
      expect(await countOf(db, 'items WHERE n IS NULL'), 'not 0').toBe(1)

      const other = await createDatabase(server)
      await other.query(`CREATE TABLE items (id int PRIMARY KEY, n tinyint, s varchar(3) NOT NULL);
        INSERT INTO items VALUES (1, 1, 'a'), (2, 100, 'b')`)
      const filled = file(
        `backfill: { table: 'items', set: { n: sql\`n * 2\`, s: sql\`concat(s, 'xyz')\` }, once: true }`,
      )
      expect(await library.runBackfill(inProcess(filled, other))).toMatchObject({
        exit: 9,
        units: [{ error: { code: 'BACKFILL.ROW' } }],
      })
      expect(await countOf(other, `items WHERE n IN (1, 100) AND s IN ('a', 'b')`)).toBe(2)
    })

    test('whose account has no SUPER makes triggers where the server trusts it, and times are right in any zone', async () => {
      const db = await createDatabase(server)
      await db.query(`CREATE TABLE users (id bigint PRIMARY KEY, email varchar(200) NOT NULL, verified_at datetime(6));
        INSERT INTO users VALUES (1, 'a', '2026-01-01'), (2, 'b', NULL);
        CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY 'pw'; GRANT ALL ON ${db.name}.* TO 'app'@'%'`)
      const url = db.url.replace(/\/\/[^@]+@/, '//app:pw@')
      const options = inProcess(referenceProject(words), { url })
      await applied(library.runExpand(options))
      await applied(library.runBackfill(options))
      expect(await countOf(db, 'users WHERE email_verified = (verified_at IS NOT NULL)')).toBe(2)
      const { migrations } = await library.runStatus(options)
      const since = Date.parse(migrations[0]?.phases.expand?.since ?? '')
      expect(Math.abs(since - Date.now())).toBeLessThan(600_000)
    })

    test('that is read-only is refused before anything, and status still answers', async () => {
      const db = await createDatabase(server)
      await db.query(
        `CREATE USER IF NOT EXISTS 'reader'@'%' IDENTIFIED BY 'pw'; GRANT ALL ON ${db.name}.* TO 'reader'@'%'`,
      )
      const options = inProcess(referenceProject(words), { url: db.url.replace(/\/\/[^@]+@/, '//reader:pw@') })
      await db.query('SET GLOBAL read_only = ON')
      try {
        expect(await codeOf(library.runExpand(options))).toBe('DATABASE.READ_ONLY')
        expect((await library.runStatus(options)).counts).toEqual({ expand: 1, backfill: 1, contract: 1 })
      } finally {
        await db.query('SET GLOBAL read_only = OFF')
      }
      expect(await shapeOf(db)).toEqual([])
    })
  })
})
