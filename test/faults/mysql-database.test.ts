import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LockHolder } from '@phasegate/core'
import { expect, test } from 'vitest'
import { inspectSurroundings } from '../../packages/mysql/src/catalog/inspect-surroundings.js'
import { resetDatabase } from '../../packages/mysql/src/catalog/reset-database.js'
import { missingTables, tableSizes } from '../../packages/mysql/src/catalog/table-sizes.js'
import { capabilitiesOf } from '../../packages/mysql/src/server/capabilities.js'
import { assertUsable } from '../../packages/mysql/src/session/assert-usable.js'
import { blockersOf, holdersOf } from '../../packages/mysql/src/session/lock-holders.js'
import type { MysqlSession } from '../../packages/mysql/src/session/mysql-session.js'
import { translateError } from '../../packages/mysql/src/session/translate-error.js'
import { atTestEnd } from '../support/at-test-end.js'
import { freePort } from '../support/free-port.js'
import {
  createDatabase,
  describeOnEveryMysql,
  describeOnMysql,
  type MysqlDatabase,
  startPrivateServer,
} from '../support/servers.js'
import { startMysqlProxy } from './mysql-proxy.js'
import { addressOfUrl, asUser, errorOf, openSession } from './mysql-sessions.js'

describeOnEveryMysql('a database that cannot be used', (server) => {
  const usable = async (session: MysqlSession, url: string): Promise<void> =>
    assertUsable(session, () => openSession(url), addressOfUrl(url, session.account))
  const coded = async (url: string): Promise<{ code: string; exit: number }> =>
    translateError(await errorOf(openSession(url)), 'connecting', addressOfUrl(url))
  /** An account of this test alone. */
  const account = async (db: MysqlDatabase, grants: readonly string[]): Promise<string> => {
    const user = `pg_faults_${randomBytes(4).toString('hex')}`
    await db.query(`CREATE USER ${user} IDENTIFIED BY 'secret'`)
    atTestEnd(async () => {
      await db.query(`DROP USER ${user}`)
    })
    for (const grant of grants) await db.query(`GRANT ${grant.replaceAll('@db', `\`${db.name}\``)} TO ${user}`)
    return asUser(db.url, user, 'secret')
  }

  test('unreachable', async () => {
    expect(await coded('mysql://app:secret@127.0.0.1:1/shop')).toMatchObject({ exit: 11, code: 'DATABASE.UNREACHABLE' })
    expect(await coded('mysql://app:secret@no.invalid/shop')).toMatchObject({ code: 'DATABASE.UNREACHABLE' })
    expect(await coded('mysql://app:secret@localhost/shop?socketPath=/nowhere.sock')).toMatchObject({
      code: 'DATABASE.UNREACHABLE',
    })
  })

  test('wrong password, and no error ever shows it', async () => {
    const db = await createDatabase(server)
    const url = (await account(db, ['SELECT ON @db.*'])).replace(':secret@', ':not-the-password@')
    const error = await coded(url)
    expect(error).toMatchObject({ exit: 2, code: 'DATABASE.AUTHENTICATION' })
    expect(JSON.stringify(error) + String(error)).not.toContain('not-the-password')
  })

  test('no such database, and one that the account may not enter', async () => {
    const db = await createDatabase(server)
    expect(await coded(db.url.replace(db.name, 'nowhere'))).toMatchObject({ exit: 2, code: 'DATABASE.MISSING' })
    const url = (await account(db, ['SELECT ON @db.*'])).replace(db.name, 'mysql')
    expect(await coded(url)).toMatchObject({ exit: 2, code: 'DATABASE.PERMISSION' })
  })

  test('an account that may not keep the journal, with the GRANT to run', async () => {
    const db = await createDatabase(server)
    const url = await account(db, ['SELECT, INSERT, UPDATE, CREATE ON @db.*'])
    const error = await errorOf(usable(await openSession(url), url))
    expect(error).toMatchObject({ code: 'DATABASE.PERMISSION', exit: 2 })
    const [grant] = (error as unknown as { next: string[] }).next
    expect(grant).toMatch(/^GRANT DELETE, ALTER ON `test_\w+`\.\* TO `pg_faults_\w+`@`%`;$/)
    await db.query(grant ?? '')
    const session = await openSession(url)
    await usable(session, url)
  })

  test('privileges of a role, and on a pattern of databases, count', async () => {
    const db = await createDatabase(server)
    const role = `pg_role_${randomBytes(4).toString('hex')}`
    await db.query(`CREATE ROLE ${role}`)
    atTestEnd(async () => {
      await db.query(`DROP ROLE ${role}`)
    })
    await db.query(`GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON \`${db.name.replace('_', '\\_')}\`.* TO ${role}`)
    const url = await account(db, [role, `ALTER ON \`${db.name.slice(0, 9)}%\`.*`])
    const user = new URL(url).username
    await db.query(
      server.family === 'mysql' ? `SET DEFAULT ROLE ${role} TO ${user}` : `SET DEFAULT ROLE ${role} FOR ${user}`,
    )
    await usable(await openSession(url), url)
  })

  test('says which privilege a statement lacks, and the GRANT', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE t (id int PRIMARY KEY, v int)')
    const url = await account(db, ['SELECT, TRIGGER ON @db.*'])
    const session = await openSession(url)
    const next = async (statement: string): Promise<string> => {
      const error = translateError(
        await errorOf(session.query(statement)),
        'a step',
        addressOfUrl(url, session.account),
      )
      expect([statement, error.code]).toEqual([statement, 'DATABASE.PERMISSION'])
      return error.next.join(' ')
    }
    expect(await next('UPDATE t SET v = 1')).toContain('GRANT UPDATE ON')
    expect(await next('ALTER TABLE t ADD COLUMN w int')).toContain('GRANT ALTER ON')
    expect(await next('SET GLOBAL max_connections = 10')).toMatch(/GRANT [A-Z_ ]+ ON \*\.\* TO/)
    expect(await next('LOCK TABLES t WRITE')).toContain('SHOW GRANTS')
    const trigger = 'CREATE TRIGGER phasegate_t BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 1'
    const [log] = await session.query<{ log: string | number }>('SELECT @@log_bin AS log')
    if (Number(log?.log) === 1) expect(await next(trigger)).toContain('log_bin_trust_function_creators')
    else await session.query(trigger)
  })

  test('without the right to see locks nobody is named, and nothing fails', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE t (id int PRIMARY KEY)')
    const url = await account(db, ['SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER ON @db.*'])
    const session = await openSession(url)
    const capabilities = capabilitiesOf(session.server)
    const holder = await db.open()
    await holder.query('BEGIN')
    await holder.query('SELECT * FROM t')
    expect(await holdersOf(session, ['t'], 'EXCLUSIVE', capabilities)).toEqual([])
    expect(await blockersOf(session, session.backend, capabilities)).toEqual([])
    const found = await inspectSurroundings(session, [], capabilities)
    expect(found.filter(({ check }) => check === 'lock holders').length).toBeGreaterThanOrEqual(2)
    expect(found.find(({ check }) => check === 'privileges')?.message).toContain('DROP, INDEX, TRIGGER, REFERENCES')
    await holder.query('COMMIT')
  })

  test('what the server cannot do beside traffic is refused with the way out', async () => {
    const db = await createDatabase(server)
    const session = await openSession(db.url)
    await session.query('CREATE TABLE t (id int PRIMARY KEY, v int)')
    const refused = await errorOf(session.query('ALTER TABLE t MODIFY v varchar(20), ALGORITHM=INPLACE, LOCK=NONE'))
    expect(translateError(refused, 'a step', addressOfUrl(db.url))).toMatchObject({
      code: 'DATABASE.WOULD_BLOCK',
      exit: 9,
    })
  })

  test('a read-only server', async () => {
    const replica = await startPrivateServer({ family: server.family, settings: { 'read-only': '1' } })
    const url = replica.url('mysql')
    const error = await errorOf(usable(await openSession(url), url))
    expect(error).toMatchObject({ code: 'DATABASE.READ_ONLY', exit: 2 })
  })

  test('a binary log by statement', async () => {
    const other = await startPrivateServer({
      family: server.family,
      settings: { 'log-bin': 'bin', 'binlog-format': 'STATEMENT' },
    })
    const url = other.url('mysql')
    const error = await errorOf(usable(await openSession(url), url))
    expect(error).toMatchObject({ code: 'DATABASE.BINLOG_FORMAT', exit: 2 })
  })
})

const GALERA = '/usr/lib/galera/libgalera_smm.so'

describeOnMysql('mariadb', 'a server that hides or shows who holds its tables', (server) => {
  test.skipIf(!existsSync(GALERA))('a node of a Galera cluster is refused', async () => {
    const port = await freePort()
    const node = await startPrivateServer({
      family: 'mariadb',
      settings: {
        'wsrep-on': 'ON',
        'wsrep-provider': GALERA,
        'wsrep-cluster-address': 'gcomm://',
        'wsrep-provider-options': `gmcast.listen_addr=tcp://127.0.0.1:${port};base_host=127.0.0.1`,
      },
    })
    const url = node.url('mysql')
    const session = await openSession(url)
    const error = await errorOf(assertUsable(session, () => openSession(url), addressOfUrl(url)))
    expect(error).toMatchObject({ code: 'DATABASE.GALERA', exit: 2 })
  })

  test('with the plugin metadata_lock_info only those are named that hold the table', async () => {
    const other = await startPrivateServer({
      family: server.family,
      settings: { 'plugin-load-add': 'metadata_lock_info', 'lower-case-table-names': '1' },
    })
    const db = await createDatabase(other)
    await db.query('CREATE TABLE users (id int PRIMARY KEY)')
    await db.query('CREATE TABLE posts (id int PRIMARY KEY)')
    const session = await openSession(db.url)
    const watcher = await openSession(db.url)
    const capabilities = capabilitiesOf(session.server)
    const [reader, stranger] = [await db.connect(), await db.connect()]
    for (const [connection, table] of [
      [reader, 'users'],
      [stranger, 'posts'],
    ] as const) {
      await connection.query('BEGIN')
      await connection.query(`SELECT * FROM ${table}`)
    }
    const held = await holdersOf(session, ['Users'], 'EXCLUSIVE', capabilities)
    expect(held.map(({ backend, state }) => [backend.id, state])).toEqual([
      [String(reader.threadId), 'idle in transaction'],
    ])
    expect(await holdersOf(session, ['Users'], 'SHARED_WRITE', capabilities), 'reads and writes go together').toEqual(
      [],
    )
    const waiting = errorOf(
      session.limited({ lockTimeout: 2000, statementTimeout: 0 }, () =>
        session.query('ALTER TABLE users ADD COLUMN a int'),
      ),
    )
    const blockers = await askUntilNamed(() => blockersOf(watcher, session.backend, capabilities))
    expect(blockers).toEqual([String(reader.threadId)])
    await waiting
  })
})

async function askUntilNamed(ask: () => Promise<readonly LockHolder[]>): Promise<readonly string[]> {
  for (let times = 0; times < 20; times++) {
    const holders = await ask()
    if (holders.length > 0) return holders.map(({ backend }) => backend.id)
    await sleep(20)
  }
  return []
}

describeOnMysql('mysql', 'the budget of instant changes', (server) => {
  test('is told before it is used up, and the way out when it is', async () => {
    const db = await createDatabase(server)
    const session = await openSession(db.url)
    const capabilities = capabilitiesOf(session.server)
    await session.query('CREATE TABLE my_t (id int PRIMARY KEY, v int)')
    const versions = async (): Promise<readonly string[]> =>
      (await inspectSurroundings(session, [], capabilities))
        .filter(({ check }) => check === 'row versions')
        .map(({ message }) => message)
    expect(await versions()).toEqual([])
    let error: Error | undefined
    for (let count = 0; error === undefined && count < 300; count++) {
      const change = count % 2 === 0 ? 'ADD COLUMN a int' : 'DROP COLUMN a'
      await session.query(`ALTER TABLE my_t ${change}, ALGORITHM=INSTANT`).catch((refused: Error) => {
        error = refused
      })
    }
    expect(translateError(error, 'a step', addressOfUrl(db.url))).toMatchObject({
      code: 'DATABASE.ROW_VERSIONS',
      exit: 9,
    })
    expect(await versions()).toEqual([
      `my_t has used ${capabilities.rowVersions} of its ${capabilities.rowVersions} instant changes`,
    ])
  })
})

describeOnEveryMysql('a proxy in between', (server) => {
  test('that gives the statements of one client to several sessions is refused', async () => {
    const db = await createDatabase(server)
    const proxy = await startMysqlProxy(db, 2)
    const session = await openSession(proxy.url)
    const error = await errorOf(assertUsable(session, () => openSession(proxy.url), addressOfUrl(proxy.url)))
    expect(error).toMatchObject({ code: 'DATABASE.POOLER', exit: 2 })
  })

  test('that greets as one of the sessions it uses is found out by the lock', async () => {
    const db = await createDatabase(server)
    const proxy = await startMysqlProxy(db, 3, 'third')
    const session = await openSession(proxy.url)
    expect(session.loginBackendId).toBe(Number(session.backend.id))
    const error = await errorOf(assertUsable(session, () => openSession(proxy.url), addressOfUrl(proxy.url)))
    expect(error).toMatchObject({ code: 'DATABASE.POOLER', exit: 2 })
  })

  test('that gives one session to several clients is refused', async () => {
    const db = await createDatabase(server)
    const proxy = await startMysqlProxy(db, 1)
    const session = await openSession(proxy.url)
    const error = await errorOf(assertUsable(session, () => openSession(proxy.url), addressOfUrl(proxy.url)))
    expect(error).toMatchObject({ code: 'DATABASE.POOLER', exit: 2 })
  })

  test('that gives each client a session of its own is let through', async () => {
    const db = await createDatabase(server)
    const proxy = await startMysqlProxy(db, 'each')
    const session = await openSession(proxy.url)
    await assertUsable(session, () => openSession(proxy.url), addressOfUrl(proxy.url))
  })
})

describeOnEveryMysql('a database that can be used', (server) => {
  test('is: and knows its tables, sizes and surroundings', async () => {
    const db = await createDatabase(server)
    const session = await openSession(db.url)
    await assertUsable(session, () => openSession(db.url), addressOfUrl(db.url))
    await session.keepOpen()
    expect(await session.query(`SHOW SESSION VARIABLES LIKE 'wait_timeout'`)).toMatchObject([{ Value: '300' }])
    await session.query('CREATE TABLE `a.b` (id int PRIMARY KEY)')
    await session.query('CREATE TABLE t (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3')
    await session.query('CREATE VIEW v AS SELECT * FROM t')
    await session.query(`INSERT INTO t VALUES ${Array.from({ length: 1000 }, (_, id) => `(${id})`).join()}`)
    await session.query('ANALYZE TABLE t')
    const capabilities = capabilitiesOf(session.server)
    const sizes = await tableSizes(session, ['t', `${db.name}.t`, 'a.b', 'v', 'nowhere'], capabilities)
    expect(sizes.map(({ table, bytes }) => [table, bytes >= 16_384])).toEqual([
      ['t', true],
      [`${db.name}.t`, true],
      ['a.b', true],
    ])
    expect(sizes[0]?.rows).toBeGreaterThan(500)
    expect(sizes[0]?.rows).toBeLessThan(2000)
    expect(await missingTables(session, ['t', 'v', 'nowhere', `${db.name}.nowhere`, 'a.b'])).toEqual([
      'nowhere',
      `${db.name}.nowhere`,
    ])
    await session.query('CREATE TRIGGER phasegate_old BEFORE INSERT ON `a.b` FOR EACH ROW SET NEW.id = 1')
    const found = await inspectSurroundings(session, ['nobody_here'], capabilities)
    expect(found.map(({ check }) => check)).toEqual(expect.arrayContaining(['leftover trigger', 'appRoles']))
  })

  test('is emptied by reset, whatever is in it, and nothing beside it', async () => {
    const db = await createDatabase(server)
    const neighbour = await createDatabase(server)
    await neighbour.query('CREATE TABLE t (id int PRIMARY KEY)')
    const session = await openSession(db.url)
    const statements = [
      'CREATE TABLE a (id int PRIMARY KEY, b int, KEY (b)) ENGINE=InnoDB',
      'CREATE TABLE `b ``x` (id int PRIMARY KEY, a int, FOREIGN KEY (a) REFERENCES a (id)) ENGINE=InnoDB',
      'ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES `b ``x` (id)',
      'CREATE VIEW v AS SELECT * FROM a',
      'CREATE VIEW w AS SELECT * FROM v',
      'CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.b = NULL',
      'CREATE PROCEDURE p() SELECT 1',
      'CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1',
      'CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1',
    ]
    for (const statement of statements) await session.query(statement)
    if (server.family === 'mariadb') {
      await session.query('CREATE SEQUENCE s')
      await session.query('CREATE TABLE versioned (id int PRIMARY KEY) WITH SYSTEM VERSIONING')
    }
    await session.query('DROP VIEW v')
    await resetDatabase(session)
    expect(await session.query('SHOW TABLES')).toEqual([])
    for (const kind of ['routines', 'events', 'triggers']) {
      const column = kind === 'triggers' ? 'trigger_schema' : kind === 'events' ? 'event_schema' : 'routine_schema'
      const query = `SELECT * FROM information_schema.${kind} WHERE ${column} = DATABASE()`
      expect([kind, await session.query(query)]).toEqual([kind, []])
    }
    expect(await session.query('SELECT @@foreign_key_checks AS f')).toMatchObject([{ f: expect.anything() }])
    expect(await neighbour.query('SHOW TABLES')).toHaveLength(1)
  })
})
