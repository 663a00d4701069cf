import { createMadeObjects } from '@phasegate/core'
import type { Connection } from 'mysql2/promise'
import { beforeAll, expect, test } from 'vitest'
import { asItRuns } from '../../packages/mysql/src/parse/as-it-runs.js'
import { parseStatements } from '../../packages/mysql/src/parse/parse-statements.js'
import { readFacts } from '../../packages/mysql/src/parse/read-facts.js'
import { type Capabilities, capabilitiesOf } from '../../packages/mysql/src/server/capabilities.js'
import { mysqlServer } from '../../packages/mysql/src/server/mysql-server.js'
import { createDatabase, describeOnEveryMysql, type MysqlDatabase } from '../support/servers.js'

const TABLES = [
  'DROP TABLE IF EXISTS t2, t, r',
  'CREATE TABLE r (id int PRIMARY KEY)',
  `CREATE TABLE t (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, a int, b varchar(20), c varchar(20) NOT NULL DEFAULT 'x',
     d int NOT NULL DEFAULT 1, e enum('x', 'y'), f int, g int, j text, s point NOT NULL,
     INDEX ia (a), UNIQUE INDEX ub (b), INDEX jf (f), CONSTRAINT kf FOREIGN KEY (f) REFERENCES r (id),
     CONSTRAINT kg CHECK (g > 0))`,
  'INSERT INTO r VALUES (1)',
  "INSERT INTO t (a, b, f, g, s) VALUES (1, 'b', 1, 1, POINT(1, 1)), (2, 'c', 1, 1, POINT(2, 2))",
]

type Family = 'mysql' | 'mariadb'

interface Case {
  readonly clause: string
  /** Where the other server does not know the clause. */
  readonly only?: Family
  /** Only the catalog could know that it is less than the facts say. */
  readonly less?: true
  /** Only the catalog could know that it is more: the server refuses instead of doing it. */
  readonly refused?: true
}

const CASES: readonly (string | Case)[] = [
  'ADD COLUMN n int',
  'ADD COLUMN n int FIRST',
  'ADD COLUMN n int AFTER a',
  'ADD COLUMN n int NOT NULL',
  'ADD COLUMN n int NOT NULL DEFAULT 5',
  "ADD COLUMN n varchar(20) COLLATE utf8mb4_bin DEFAULT _utf8mb4'x' COMMENT 'y'",
  'ADD COLUMN n timestamp DEFAULT NOW() ON UPDATE NOW()',
  'ADD COLUMN n datetime(6) DEFAULT CURRENT_TIMESTAMP(6)',
  'ADD COLUMN n int INVISIBLE',
  'ADD COLUMN n int DEFAULT (1 + 1)',
  'ADD COLUMN n date DEFAULT (curdate())',
  'ADD COLUMN n int DEFAULT (a + 1)',
  { clause: 'ADD COLUMN n double DEFAULT (rand())', only: 'mariadb' },
  { clause: 'ADD COLUMN n char(36) DEFAULT (uuid())', only: 'mariadb' },
  'ADD COLUMN n int AS (a + 1)',
  'ADD COLUMN n int GENERATED ALWAYS AS (a + 1) VIRTUAL AFTER a',
  'ADD COLUMN n int AS (a + 1) STORED',
  'ADD COLUMN n int CHECK (n > 0)',
  { clause: 'ADD COLUMN n int CHECK (n > 0) NOT ENFORCED', only: 'mysql' },
  'ADD COLUMN n int UNIQUE',
  'ADD COLUMN n int REFERENCES r (id)',
  'ADD COLUMN (n int, m int DEFAULT 1)',
  'ADD COLUMN n int, ADD INDEX i (n)',
  'ADD COLUMN n int, ADD FOREIGN KEY (n) REFERENCES r (id)',
  'DROP COLUMN j',
  'DROP COLUMN j, DROP COLUMN d',
  { clause: 'DROP COLUMN a', refused: true },
  'DROP COLUMN a, DROP INDEX ia',
  'RENAME COLUMN j TO k',
  'RENAME COLUMN a TO k',
  'RENAME COLUMN f TO k',
  'MODIFY a bigint',
  'MODIFY c varchar(10) NOT NULL',
  "MODIFY e enum('y', 'x')",
  { clause: "MODIFY e enum('x', 'y', 'z')", less: true },
  { clause: 'CHANGE j k text', less: true },
  'ALTER a SET DEFAULT 1',
  'ALTER a SET DEFAULT (1 + 1)',
  'ALTER COLUMN d DROP DEFAULT',
  { clause: 'ALTER j SET INVISIBLE', only: 'mysql' },
  'ADD INDEX i (d)',
  'ADD INDEX (d, a DESC), ADD KEY (c(3))',
  'ADD UNIQUE INDEX i (d, id)',
  'ADD CONSTRAINT i UNIQUE (d, id)',
  { clause: 'ADD INDEX i ((d + 1))', only: 'mysql' },
  'ADD FULLTEXT INDEX i (c)',
  'ADD SPATIAL INDEX i (s)',
  'DROP INDEX ia',
  'DROP KEY ub',
  'RENAME INDEX ia TO i',
  { clause: 'ALTER INDEX ia INVISIBLE', only: 'mysql' },
  { clause: 'ALTER INDEX ia IGNORED', only: 'mariadb' },
  'DROP PRIMARY KEY, ADD PRIMARY KEY (id, d)',
  'ADD FOREIGN KEY (d) REFERENCES r (id)',
  'DROP FOREIGN KEY kf',
  'DROP FOREIGN KEY kf, DROP INDEX jf',
  'ADD CONSTRAINT k CHECK (a > 0)',
  { clause: 'ADD CONSTRAINT k CHECK (a > 0) NOT ENFORCED', only: 'mysql' },
  { clause: 'ALTER CHECK kg NOT ENFORCED', only: 'mysql' },
  { clause: 'DROP CHECK kg', only: 'mysql', less: true },
  { clause: 'DROP CONSTRAINT kg', less: true },
  { clause: 'DROP CONSTRAINT kf', less: true },
  'DROP CONSTRAINT ub',
  "COMMENT = 'x'",
  'AUTO_INCREMENT = 100',
  'DEFAULT CHARACTER SET = utf8mb4',
  'STATS_PERSISTENT = 1 STATS_SAMPLE_PAGES 10',
  'MAX_ROWS = 10',
  'ROW_FORMAT = COMPACT',
  'KEY_BLOCK_SIZE = 8',
  'ENGINE = InnoDB',
  'FORCE',
  'ORDER BY a, b DESC',
  'CONVERT TO CHARACTER SET latin1',
  'RENAME TO t2',
]

/** Strictest first; each allows all that those before it allow. */
const ladderOf = ({ copyBesideTraffic }: Capabilities): Readonly<Record<Family, readonly string[]>> => ({
  mysql: [
    'ALGORITHM=INSTANT',
    'ALGORITHM=INPLACE, LOCK=NONE',
    'ALGORITHM=INPLACE, LOCK=SHARED',
    'ALGORITHM=COPY, LOCK=SHARED',
  ],
  mariadb: [
    'ALGORITHM=INSTANT',
    'ALGORITHM=NOCOPY, LOCK=NONE',
    'ALGORITHM=INPLACE, LOCK=NONE',
    'ALGORITHM=INPLACE, LOCK=SHARED',
    ...(copyBesideTraffic ? ['ALGORITHM=COPY, LOCK=NONE'] : []),
    'ALGORITHM=COPY, LOCK=SHARED',
  ],
})

/** ER_ALTER_OPERATION_NOT_SUPPORTED and the same with a reason: cannot do it so. */
const REFUSED = [1845, 1846]

describeOnEveryMysql('facts of ALTER TABLE', (server) => {
  const can = capabilitiesOf(mysqlServer(server.family, server.version))
  const ladder = ladderOf(can)[server.family]
  let db: MysqlDatabase
  let connection: Connection

  beforeAll(async () => {
    db = await createDatabase(server)
    connection = await db.connect()
    await connection.query("SET sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'")
    return () => db.drop()
  })

  const cases = CASES.map((entry): Case => (typeof entry === 'string' ? { clause: entry } : entry))

  test.each(cases.filter(({ only = server.family }) => only === server.family))('$clause', async (entry) => {
    const { clause, less = false, refused = false } = entry
    const [written] = parseStatements(`ALTER TABLE t ${clause}`, 'facts.sql')
    const run = asItRuns(written!, createMadeObjects(), false, can)
    const { lock } = readFacts(run, createMadeObjects(), can)
    const asked = /, (ALGORITHM=.*)$/.exec(run.text)?.[1]
    // What blocks gets no ALGORITHM from us; the least that it needs is what the facts say of it.
    const least =
      asked ?? (lock.duration === 'build' ? 'ALGORITHM=INPLACE, LOCK=SHARED' : 'ALGORITHM=COPY, LOCK=SHARED')
    const place = ladder.indexOf(least)
    expect(place).toBeGreaterThanOrEqual(0)

    if (refused) {
      expect(await attempt(run.text)).toMatchObject({ errno: expect.toSatisfy((errno) => REFUSED.includes(errno)) })
      return
    }
    const text = asked === undefined ? `${run.text}${takesLock(clause) ? `, ${least}` : ''}` : run.text
    const done = await attempt(text)
    expect(done.errno, done.message).toBe(0)
    if (less) return
    expect(done.rewritten).toBe(lock.duration === 'rewrite')
    expect(lock.blocks).toBe(
      asked === undefined ? 'writes' : lock.duration === 'instant' ? 'reads and writes' : 'nothing',
    )
    if (!takesLock(clause) || place === 0) return
    const bare = asked === undefined ? run.text : run.text.slice(0, -`, ${asked}`.length)
    const nextStricter = asked === undefined ? 'ALGORITHM=INPLACE, LOCK=NONE' : ladder[place - 1]
    const stricter = await attempt(`${bare}, ${nextStricter}`)
    expect(REFUSED, `${nextStricter}: ${stricter.message}`).toContain(stricter.errno)
  })

  test('CREATE INDEX and DROP INDEX run as they are made to', async () => {
    for (const sql of ['CREATE INDEX i ON t (d)', 'CREATE UNIQUE INDEX i ON t (d, id)', 'DROP INDEX ia ON t']) {
      const run = asItRuns(parseStatements(sql, 'facts.sql')[0]!, createMadeObjects(), false, can)
      expect(run.text).toMatch(/ALGORITHM=(INPLACE|NOCOPY),? LOCK=NONE$/)
      expect(await attempt(run.text)).toMatchObject({ errno: 0, rewritten: false })
    }
  })

  test.each(['ENGINE=InnoDB', 'MODIFY d bigint NOT NULL DEFAULT 1', 'MODIFY a int NOT NULL'])(
    'an ALGORITHM of the author runs beside traffic or not at all: %s',
    async (clause) => {
      const written = `ALTER TABLE t ADD SPATIAL INDEX i (s)`
      await attempt(written)
      const sql = `ALTER TABLE t ${clause}, ALGORITHM=INPLACE`
      const run = asItRuns(parseStatements(sql, 'facts.sql')[0]!, createMadeObjects(), false, can)
      expect(readFacts(run, createMadeObjects(), can).lock.blocks).toBe('nothing')
      await expect(connection.query(run.text)).rejects.toMatchObject({
        errno: expect.toSatisfy((errno) => REFUSED.includes(errno)),
      })
    },
  )

  test('a new partition of HASH is no instant, and one of RANGE is', async () => {
    const work = (clause: string) => {
      const [statement] = parseStatements(`ALTER TABLE p ${clause}`, 'facts.sql')
      return readFacts(statement!, createMadeObjects(), can).lock.duration
    }
    await connection.query('DROP TABLE IF EXISTS p')
    await connection.query('CREATE TABLE p (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2')
    await connection.query('INSERT INTO p VALUES (1), (2), (3), (4), (5), (6)')
    const inFirst = async () => Number((await db.query('SELECT COUNT(*) AS n FROM p PARTITION (p0)'))[0]?.n)
    expect(await inFirst()).toBe(3)
    await connection.query('ALTER TABLE p ADD PARTITION (PARTITION p2)')
    expect(await inFirst()).toBe(2)
    expect(work('ADD PARTITION (PARTITION p2)')).toBe('rewrite')
    expect(work('ADD PARTITION (PARTITION p2 VALUES LESS THAN (9))')).toBe('instant')
  })

  /** Tries a statement on a fresh table, and tells whether the table was built anew: it has another number then. */
  async function attempt(sql: string): Promise<{ errno: number; message: string; rewritten: boolean }> {
    for (const table of TABLES) await connection.query(table)
    const before = await tableId('t')
    try {
      await connection.query(sql)
    } catch (error) {
      const { errno, message } = error as { errno: number; message: string }
      return { errno, message, rewritten: false }
    }
    const after = (await tableId('t')) ?? (await tableId('t2'))
    return { errno: 0, message: '', rewritten: before !== after }
  }

  async function tableId(name: string): Promise<unknown> {
    const catalog = server.family === 'mysql' ? 'INNODB_TABLES' : 'INNODB_SYS_TABLES'
    const [row] = await db.query(
      `SELECT TABLE_ID AS id FROM information_schema.${catalog} WHERE NAME = '${db.name}/${name}'`,
    )
    return row?.id
  }
})

/** ORDER BY takes no ALGORITHM behind it that is not part of its list, and RENAME takes no LOCK. */
function takesLock(clause: string): boolean {
  return !/^(ORDER BY|RENAME TO)/.test(clause)
}
