import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineTable, EngineTarget, Session } from '@phasegate/core'
import { connectMysql } from '@phasegate/mysql'
import { expect, test } from 'vitest'
import { atTestEnd } from '../support/at-test-end.js'
import { processesIn } from '../support/mysql-processes.js'
import { createDatabase, describeOnEveryMysql, type MysqlDatabase } from '../support/servers.js'

const LIMITS = { lockTimeout: 1000, statementTimeout: 0 }
const COPY = { triggers: ['tool_ins', 'tool_upd', 'tool_del'], tables: ['_t_new', '_t_old'] }

describeOnEveryMysql('what engines are given', (server) => {
  interface Setup {
    readonly db: MysqlDatabase
    readonly engine: EngineTarget
    readonly session: Session
  }

  async function setUp(url = (db: MysqlDatabase) => db.url): Promise<Setup> {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE t (id int PRIMARY KEY AUTO_INCREMENT, v int NOT NULL)')
    await db.query(`INSERT INTO t (v) VALUES ${Array.from({ length: 100 }, () => '(0)').join()}`)
    const target = await connectMysql({ connection: url(db) })
    const session = await target.openSession('engine-test')
    atTestEnd(() => target.close())
    return { db, engine: target.engine, session }
  }

  async function table({ engine, session }: Setup, name = 't'): Promise<EngineTable> {
    const found = await engine.inspect(session, { name })
    if (found === undefined) throw new Error(`no table ${name}`)
    return found
  }

  /** A copy with triggers that feed it, as pt-online-schema-change 3.2.1 makes them. */
  async function makeCopy(db: MysqlDatabase): Promise<void> {
    await db.query('CREATE TABLE _t_new LIKE t')
    const into = `${db.name}._t_new`
    await db.query(
      `CREATE TRIGGER tool_del AFTER DELETE ON t FOR EACH ROW DELETE IGNORE FROM ${into} WHERE ${into}.id <=> OLD.id`,
    )
    await db.query(
      `CREATE TRIGGER tool_upd AFTER UPDATE ON t FOR EACH ROW REPLACE INTO ${into} (id, v) VALUES (NEW.id, NEW.v)`,
    )
    await db.query(
      `CREATE TRIGGER tool_ins AFTER INSERT ON t FOR EACH ROW REPLACE INTO ${into} (id, v) VALUES (NEW.id, NEW.v)`,
    )
  }

  test('a table: keys that can be walked, foreign keys of both directions, triggers', async () => {
    const setup = await setUp()
    await setup.db.query(`
      CREATE TABLE parent (
        a int NOT NULL, b varchar(20) NOT NULL, c int, d text NOT NULL, self int,
        UNIQUE nullable (c), UNIQUE prefix (d(10)), UNIQUE whole (b, a), PRIMARY KEY (a),
        CONSTRAINT own FOREIGN KEY (self) REFERENCES parent (a), CONSTRAINT out_ FOREIGN KEY (c) REFERENCES t (id));
      CREATE TABLE child (id int PRIMARY KEY, parent int, CONSTRAINT points FOREIGN KEY (parent) REFERENCES parent (a));
      CREATE TRIGGER phasegate_sync_x_12345678_i BEFORE INSERT ON parent FOR EACH ROW SET NEW.c = NEW.c;
      CREATE TRIGGER theirs BEFORE DELETE ON parent FOR EACH ROW SET @x = 1`)
    expect(await table(setup, 'parent')).toMatchObject({
      schema: setup.db.name,
      name: 'parent',
      storage: 'InnoDB',
      partitioned: false,
      columns: ['a', 'b', 'c', 'd', 'self'],
      keys: [
        { name: 'PRIMARY', columns: ['a'], primary: true },
        { name: 'whole', columns: ['b', 'a'], primary: false },
      ],
      references: [
        { constraint: 'out_', table: 't' },
        { constraint: 'own', table: 'parent' },
      ],
      referencedBy: [{ constraint: 'points', table: 'child' }],
      triggers: [
        { name: 'phasegate_sync_x_12345678_i', sync: true },
        { name: 'theirs', sync: false },
      ],
    })
    expect(await setup.engine.inspect(setup.session, { name: 'nothing' })).toBeUndefined()
    await setup.db.query(
      'CREATE VIEW seen AS SELECT 1 AS one; CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3',
    )
    expect(await setup.engine.inspect(setup.session, { name: 'seen' })).toBeUndefined()
    expect(await table(setup, 'parts')).toMatchObject({
      partitioned: true,
      identity: expect.stringMatching(/^\d+ \d+ \d+$/),
    })
  })

  test('the identity stays while the catalog alone changes, and is another one after a swap or a rebuild', async () => {
    const setup = await setUp()
    const name = 'café-x$y #1 `'
    const quoted = '`café-x$y #1 ```'
    await setup.db.query(`CREATE TABLE ${quoted} (id int PRIMARY KEY, v int); INSERT INTO ${quoted} VALUES (1, 1)`)
    const seen = [(await table(setup, name)).identity]
    expect(seen[0]).toMatch(/^\d+$/)
    for (const kept of ['ADD COLUMN w int, ALGORITHM=INSTANT', 'ADD INDEX (v), ALGORITHM=INPLACE', "COMMENT 'x'"]) {
      await setup.db.query(`ALTER TABLE ${quoted} ${kept}`)
      expect((await table(setup, name)).identity).toBe(seen[0])
    }
    for (const anew of [
      `ALTER TABLE ${quoted} FORCE, ALGORITHM=INPLACE`,
      `ALTER TABLE ${quoted} ENGINE=InnoDB, ALGORITHM=COPY`,
      `CREATE TABLE n LIKE ${quoted}; RENAME TABLE ${quoted} TO o, n TO ${quoted}`,
    ]) {
      await setup.db.query(anew)
      seen.push((await table(setup, name)).identity)
    }
    expect(new Set(seen).size).toBe(4)
  })

  test('an account without PROCESS knows a swap by the second of its creation', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE t (id int PRIMARY KEY)')
    const account = `low_${db.name.slice(-8)}`
    await db.query(`CREATE USER ${account} IDENTIFIED BY 'x'; GRANT ALL ON ${db.name}.* TO ${account}`)
    atTestEnd(async () => void (await db.query(`DROP USER ${account}`)))
    const url = new URL(db.url)
    url.username = account
    url.password = 'x'
    const target = await connectMysql({ connection: url.href })
    atTestEnd(() => target.close())
    const session = await target.openSession('engine-test')
    const before = await target.engine.inspect(session, { name: 't' })
    expect(before?.identity).toMatch(/^created 20/)
    await sleep(1100)
    await db.query('CREATE TABLE _t_new LIKE t')
    await target.engine.swap(session, before!, { copy: '_t_new', old: '_t_old' }, LIMITS)
    expect((await target.engine.inspect(session, { name: 't' }))?.identity).not.toBe(before?.identity)
    expect(
      await target.engine.unmet(session, before!, [
        'may read the binary log',
        'may copy the table',
        'may swap the table',
      ]),
    ).toEqual([
      expect.stringContaining('GRANT REPLICATION SLAVE ON *.* TO'),
      expect.stringContaining('GRANT REPLICATION CLIENT ON *.* TO'),
    ])
  })

  test('what is not met is said with the way to change it', async () => {
    const setup = await setUp()
    const all = [
      'InnoDB table',
      'binary log of full rows',
      'may read the binary log',
      'may create triggers',
      'may copy the table',
      'may swap the table',
    ] as const
    expect(await setup.engine.unmet(setup.session, await table(setup), all)).toEqual([])
    const locks = await setup.engine.unmet(setup.session, await table(setup), ['metadata locks shown'])
    if (server.family === 'mysql') expect(locks).toEqual([])
    else expect(locks).toEqual([expect.stringContaining('performance_schema = ON')])
    const log = await setup.engine.binaryLog?.(setup.session)
    // Beside it, those of tools that read the log for other tests.
    expect(log?.ids[0]).toBe(1)
    expect(log?.source).toBe(null)
    await setup.db.query('CREATE TABLE kept (id int PRIMARY KEY) ENGINE = MyISAM')
    expect(await setup.engine.unmet(setup.session, await table(setup, 'kept'), all)).toEqual([
      expect.stringMatching(/kept by MyISAM.*ENGINE = InnoDB/),
    ])
  })

  test('leftovers go while writers write, and none of them fails', async () => {
    const setup = await setUp()
    const { db, engine, session } = setup
    const t = await table(setup)
    const failures: string[] = []
    let written = 0
    let stop = false
    const writers = Array.from({ length: 4 }, async (_, who) => {
      const connection = await db.connect()
      while (!stop && failures.length < 10) {
        try {
          await connection.query('UPDATE t SET v = v + 1 WHERE id = ?', [1 + ((written * 7 + who) % 100)])
          written++
        } catch (error) {
          failures.push(String(error))
        }
      }
    })
    for (let round = 0; round < 10; round++) {
      await makeCopy(db)
      const before = written
      while (written < before + 20 && failures.length === 0) await sleep(5)
      await retried(() => engine.removeLeftovers(session, t, COPY, LIMITS))
      expect(await engine.existing(session, t, COPY)).toEqual({ triggers: [], tables: [] })
    }
    stop = true
    await Promise.all(writers)
    expect(failures).toEqual([])
    const [sum] = await db.query('SELECT SUM(v) AS n FROM t')
    expect(Number(sum?.n)).toBe(written)
  })

  test.each(['before', 'behind'] as const)(
    'what a tool still waits to do %s us is ended before its copy goes',
    async (place) => {
      const setup = await setUp()
      const { db, engine, session } = setup
      const t = await table(setup)
      for (const statement of [
        `CREATE TRIGGER tool_ins AFTER INSERT ON t FOR EACH ROW REPLACE INTO ${db.name}._t_new (id, v) VALUES (NEW.id, NEW.v)`,
        'RENAME TABLE t TO _t_old, _t_new TO t',
      ]) {
        await db.query('CREATE TABLE _t_new LIKE t')
        const reader = await db.connect()
        await reader.query('BEGIN')
        await reader.query('SELECT * FROM t LIMIT 1')
        const tool = await db.connect()
        const outcomes: Promise<string>[] = []
        const startTool = async (): Promise<void> => {
          outcomes.push(
            tool.query(statement).then(
              () => 'done',
              () => 'ended',
            ),
          )
          await untilWaits(db, statement.slice(0, 10))
        }
        if (place === 'before') await startTool()
        const removed = engine.removeLeftovers(place === 'before' ? session : afterLock(session, startTool), t, COPY, {
          lockTimeout: 10_000,
          statementTimeout: 0,
        })
        await untilWaits(db, 'LOCK TABLES')
        await reader.query('COMMIT')
        await removed
        expect(await Promise.all(outcomes)).toEqual(['ended'])
        expect((await table(setup)).identity).toBe(t.identity)
        expect((await table(setup)).triggers).toEqual([])
        await db.query('INSERT INTO t (v) VALUES (1)')
      }
    },
  )

  test('nothing is removed that another table owns', async () => {
    const setup = await setUp()
    const { db, engine, session } = setup
    const t = await table(setup)
    await db.query(
      `CREATE TABLE other (id int PRIMARY KEY); CREATE TRIGGER tool_ins BEFORE INSERT ON other FOR EACH ROW SET NEW.id = NEW.id`,
    )
    await engine.removeLeftovers(session, t, COPY, LIMITS)
    expect(
      await db.query(
        'SELECT event_object_table AS t FROM information_schema.triggers WHERE trigger_schema = DATABASE()',
      ),
    ).toEqual([{ t: 'other' }])
  })

  test('foreign keys that a killed tool had moved are turned back to the table', async () => {
    const setup = await setUp()
    const { db, engine, session } = setup
    const t = await table(setup)
    await makeCopy(db)
    await db.query(`
      INSERT INTO _t_new SELECT * FROM t;
      CREATE TABLE child (id int PRIMARY KEY AUTO_INCREMENT, p int, q int,
        CONSTRAINT _points FOREIGN KEY (p) REFERENCES _t_new (id) ON DELETE CASCADE,
        CONSTRAINT other FOREIGN KEY (q) REFERENCES _t_new (id) ON UPDATE SET NULL);
      INSERT INTO child (p, q) VALUES (1, 2)`)
    await engine.removeLeftovers(session, t, COPY, LIMITS)
    expect(await engine.existing(session, t, COPY)).toEqual({ triggers: [], tables: [] })
    expect((await table(setup)).referencedBy.map((key) => key.constraint).sort()).toEqual(['_other', 'points'])
    await expect(db.query('INSERT INTO child (p) VALUES (1000)')).rejects.toMatchObject({ errno: 1452 })
    await db.query('DELETE FROM t WHERE id = 1')
    expect(await db.query('SELECT * FROM child')).toEqual([])
  })

  test('rows that lost their parent behind a swap are told until they are corrected, and nothing is removed before', async () => {
    const setup = await setUp()
    const { db, engine, session } = setup
    await table(setup)
    await db.query(`
      CREATE TABLE first (id int PRIMARY KEY AUTO_INCREMENT, p int, CONSTRAINT a FOREIGN KEY (p) REFERENCES t (id));
      CREATE TABLE second (id int PRIMARY KEY AUTO_INCREMENT, p int, CONSTRAINT b FOREIGN KEY (p) REFERENCES t (id));
      SET foreign_key_checks = 0; INSERT INTO first (p) VALUES (777); SET foreign_key_checks = 1;
      INSERT INTO first (p) VALUES (1), (2); INSERT INTO second (p) VALUES (3), (NULL);
      CREATE TABLE _t_new LIKE t; INSERT INTO _t_new SELECT * FROM t; RENAME TABLE t TO _t_old, _t_new TO t;
      DELETE FROM t WHERE id IN (1, 3)`)
    const swapped = await table(setup)
    const holder = await db.connect()
    await holder.query('BEGIN')
    await holder.query('SELECT * FROM second')
    const put = (): Promise<void> => engine.removeLeftovers(session, swapped, COPY, LIMITS)
    await expect(put()).rejects.toMatchObject({ errno: 1205 })
    expect(
      (await table(setup)).referencedBy.map((key) => key.constraint),
      'half of them are turned',
    ).toEqual(['_a'])
    await holder.query('COMMIT')
    for (let times = 0; times < 2; times++) {
      await expect(put()).rejects.toMatchObject({
        code: 'ENGINE.ORPHANS',
        meta: {
          orphans: expect.arrayContaining([
            { table: `${db.name}.first`, count: 1 },
            { table: `${db.name}.second`, count: 1 },
          ]),
        },
      })
      expect((await engine.existing(session, swapped, COPY)).tables).toEqual(['_t_old'])
    }
    await db.query('DELETE FROM first WHERE p = 1; DELETE FROM second WHERE p = 3')
    await put()
    expect((await engine.existing(session, swapped, COPY)).tables).toEqual([])
    expect(await db.query('SELECT p FROM first ORDER BY p')).toEqual([{ p: 2 }, { p: 777 }])
  })

  test('a swap is one step, and gives way in time', async () => {
    const setup = await setUp()
    const { db, engine, session } = setup
    const t = await table(setup)
    await makeCopy(db)
    const reader = await db.connect()
    await reader.query('BEGIN')
    await reader.query('SELECT * FROM t LIMIT 1')
    const names = { copy: '_t_new', old: '_t_old' }
    await expect(engine.swap(session, t, names, LIMITS)).rejects.toMatchObject({ errno: 1205 })
    await reader.query('COMMIT')
    await engine.swap(session, t, names, LIMITS)
    expect((await table(setup)).identity).not.toBe(t.identity)
    expect((await table(setup)).triggers).toEqual([])
    expect((await table(setup, '_t_old')).triggers).toHaveLength(3)
    await engine.removeLeftovers(session, t, COPY, LIMITS)
    expect(await engine.existing(session, t, COPY)).toEqual({ triggers: [], tables: [] })
    await engine.refreshStatistics(session, t)
  })

  test("a session on a table of that name in another database is not the tool's", async () => {
    const setup = await setUp()
    const other = await createDatabase(server)
    await other.query('CREATE TABLE _t_new (id int)')
    const connection = await other.connect()
    const asleep = connection.query('SELECT SLEEP(1) FROM (SELECT COUNT(*) FROM _t_new) AS x')
    await sleep(300)
    expect(await setup.engine.sessionsOn(setup.session, setup.db.name, ['_t_new'])).toEqual([])
    expect(await setup.engine.sessionsOn(setup.session, other.name, ['_t_new'])).toHaveLength(1)
    await asleep
  })
})

/** As the runner does it: locks that are not to be had in time are asked for again. */
async function retried(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (![1205, 1213].includes((error as { errno?: number }).errno ?? 0)) throw error
    }
  }
}

/** The same session, with something that happens right after it has got its tables. */
function afterLock(session: Session, happens: () => Promise<void>): Session {
  return {
    ...session,
    query: async (text, values) => {
      const rows = await session.query<never>(text, values)
      if (text.startsWith('LOCK TABLES')) await happens()
      return rows
    },
  }
}

async function untilWaits(db: MysqlDatabase, statement: string): Promise<void> {
  for (let look = 0; look < 200; look++) {
    const waits = (await processesIn(db)).some(
      ({ State, Info }) => /^waiting for table/i.test(State ?? '') && Info?.startsWith(statement),
    )
    if (waits) return
    await sleep(10)
  }
  throw new Error(`${statement} does not wait: ${JSON.stringify(await db.query('SHOW PROCESSLIST'))}`)
}
