import { expect, test } from 'vitest'
import { completeStatement } from '../../packages/mysql/src/catalog/complete-statement.js'
import { errorOf, openSession } from '../faults/mysql-sessions.js'
import { createDatabase, describeOnEveryMysql } from '../support/servers.js'

/**
 * Definitions as authors write them. Marked are those that one of the servers does not know, or cannot make NOT NULL in
 * place: MariaDB refuses that for a TIMESTAMP (error 1846), an invisible column without a default (4108) and, by its
 * grammar, a generated one.
 */
const DEFINITIONS: readonly (readonly [string, ('mysql' | 'mariadb')?])[] = [
  ['varchar(20)'],
  ['varchar(20) DEFAULT NULL'],
  [`varchar(80) COMMENT 'it''s NOT NULL, a (test) \`x\` \\\\ -- \\n /* */ ü'`],
  [`varchar(20) DEFAULT 'NULL'`],
  [`varchar(20) DEFAULT ''`],
  [`varchar(20) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'x'`],
  ['varchar(20) COLLATE utf8mb4_bin'],
  ['text CHARACTER SET ascii'],
  ['json'],
  [`json DEFAULT ('{"a": null}')`],
  [`enum('a','b,c','d''e)','not null') DEFAULT 'b,c'`],
  [`set('x','not null')`],
  ['decimal(10,2) unsigned zerofill DEFAULT 1.5'],
  ['bigint unsigned DEFAULT 18446744073709551615'],
  ['tinyint(1) DEFAULT 0'],
  [`bit(3) DEFAULT b'101'`],
  [`binary(3) DEFAULT 'a\\0'`],
  ['double DEFAULT 1e10'],
  ['date'],
  ['time(3)'],
  ['year DEFAULT 2000'],
  ['timestamp NULL', 'mysql'],
  ['timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP', 'mysql'],
  ['datetime(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)'],
  ['int INVISIBLE', 'mysql'],
  ['int INVISIBLE DEFAULT 1'],
  [`int DEFAULT (1 + 2) INVISIBLE COMMENT 'x'`],
  ['varchar(40) DEFAULT (uuid())'],
  ['int CHECK (`c` > 1)'],
  ['point'],
  ['int GENERATED ALWAYS AS (`id` + 1) VIRTUAL', 'mysql'],
  [`varchar(20) GENERATED ALWAYS AS (concat('a NULL ', \`id\`)) STORED COMMENT 'NOT NULL'`, 'mysql'],
  ['point SRID 0', 'mysql'],
  ['int COLUMN_FORMAT FIXED', 'mysql'],
  [`varchar(10) COMPRESSED DEFAULT 'x'`, 'mariadb'],
  [`inet6 DEFAULT '::'`, 'mariadb'],
  ['uuid', 'mariadb'],
]

/** The table as the server shows it, without what it says of NULL. */
const withoutNull = (shown: string): string =>
  shown.replace(/'(?:[^'\\]|\\.|'')*'| (?:DEFAULT NULL|NOT NULL|NULL)\b/g, (piece) =>
    piece.startsWith("'") ? piece : '',
  )

describeOnEveryMysql('MODIFY completed from the catalog', (server) => {
  test.each(
    DEFINITIONS.filter(([, only]) => only === undefined || only === server.family).map(([definition]) => definition),
  )('%s: to NOT NULL and back changes nothing else', async (definition) => {
    const db = await createDatabase(server)
    const session = await openSession(db.url)
    await session.query(
      `CREATE TABLE \`my \`\`t\` (id int PRIMARY KEY, c ${definition}, \`c, x\` int, KEY c (id)) COMMENT '\`c\` int,'`,
    )
    const shown = async (): Promise<string> => {
      const [row] = await session.query<{ 'Create Table': string }>('SHOW CREATE TABLE `my ``t`')
      return row?.['Create Table'] ?? ''
    }
    const nullable = async (): Promise<unknown> => {
      const [row] = await session.query<{ nullable: string }>(
        `SELECT is_nullable AS nullable FROM information_schema.columns
           WHERE table_schema = DATABASE() AND table_name = 'my \`t' AND column_name = 'c'`,
      )
      return row?.nullable
    }
    const before = await shown()
    const options = /GENERATED/.test(definition) ? '' : ', ALGORITHM=INPLACE, LOCK=NONE'
    for (const [wanted, answer] of [
      ['NOT NULL', 'NO'],
      ['NULL', 'YES'],
    ] as const) {
      const frozen = `ALTER TABLE \`my \`\`t\` MODIFY COLUMN c <definition> ${wanted}${options}`
      const statement = await completeStatement(session, frozen)
      await session.query(statement)
      expect(await nullable(), statement).toBe(answer)
      expect(withoutNull(await shown()), statement).toBe(withoutNull(before))
    }
    expect(await shown()).toBe(before)
  })

  test('finds a column by any spelling, in another schema, and not in an index or a constraint', async () => {
    const db = await createDatabase(server)
    const session = await openSession(db.url)
    await session.query(
      'CREATE TABLE t (id int PRIMARY KEY, `Größe``(,` int, n int, CONSTRAINT `k` CHECK (n > 0), KEY `absent` (n))',
    )
    const of = (table: string, column: string): Promise<string> =>
      completeStatement(session, `ALTER TABLE ${table} MODIFY COLUMN ${column} <definition> NOT NULL`)
    expect(await of('t', '`Größe``(,`')).toMatch(/MODIFY COLUMN `Größe``\(,` int(\(11\))? NOT NULL$/)
    expect(await of(`\`${db.name}\`.t`, 'N')).toMatch(/MODIFY COLUMN N int(\(11\))? NOT NULL$/)
    for (const [table, column] of [
      ['t', 'absent'],
      ['t', 'k'],
      ['nowhere', 'n'],
    ] as const) {
      const error = await errorOf(of(table, column))
      expect([column, error.code]).toEqual([column, 'STEP.CONFLICT'])
    }
  })

  test('whatever the catalog gives, what the server cannot do in place it refuses', async () => {
    const db = await createDatabase(server)
    const session = await openSession(db.url)
    await session.query('CREATE TABLE t (id int PRIMARY KEY, at timestamp NULL)')
    const frozen = 'ALTER TABLE t MODIFY COLUMN at <definition> NOT NULL, ALGORITHM=INPLACE, LOCK=NONE'
    const altering = session.query(await completeStatement(session, frozen))
    if (server.family === 'mysql') await altering
    else expect((await errorOf(altering)).errno).toBe(1846)
  })

  test('leaves alone what is whole already', async () => {
    const db = await createDatabase(server)
    const session = await openSession(db.url)
    const whole = `ALTER TABLE t MODIFY COLUMN c int NOT NULL COMMENT '<definition> NOT NULL'`
    expect(await completeStatement(session, whole)).toBe(whole)
  })
})
