import { setTimeout as sleep } from 'node:timers/promises'
import type { LockHolder } from '@phasegate/core'
import { expect, test } from 'vitest'
import { sessionsNaming } from '../../packages/mysql/src/engine/tool-sessions.js'
import { capabilitiesOf } from '../../packages/mysql/src/server/capabilities.js'
import { classifyError } from '../../packages/mysql/src/session/classify-error.js'
import { clientSessions } from '../../packages/mysql/src/session/client-sessions.js'
import { releaseLaneLock, tryLaneLock } from '../../packages/mysql/src/session/lane-lock.js'
import {
  blockersOf,
  cancelBackend,
  holdersOf,
  isBackendAlive,
  laneLockHolder,
  terminateBackend,
} from '../../packages/mysql/src/session/lock-holders.js'
import type { MysqlSession } from '../../packages/mysql/src/session/mysql-session.js'
import { processesIn } from '../support/mysql-processes.js'
import { createDatabase, describeOnEveryMysql, type MysqlDatabase } from '../support/servers.js'
import { errorOf, openSession } from './mysql-sessions.js'

const NO_LIMIT = { lockTimeout: 0, statementTimeout: 0 }

describeOnEveryMysql('a session of ours', (server) => {
  const withTable = async (): Promise<MysqlDatabase> => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE users (id int PRIMARY KEY, n bigint NOT NULL) ENGINE=InnoDB')
    await db.query('INSERT INTO users VALUES (1, 0), (2, 0)')
    return db
  }
  /** What of ours runs on the server, until it looks like that. */
  const until = async (session: MysqlSession, id: string, state: RegExp): Promise<void> => {
    for (let waited = 0; waited < 400; waited++) {
      const processes = await session.query<{ Id: number; State: string | null }>('SHOW PROCESSLIST')
      if (state.test(processes.find((one) => String(one.Id) === id)?.State ?? '')) return
      await sleep(20)
    }
    throw new Error(`never in state ${state}`)
  }
  /** MariaDB without its plugin names every open transaction of the server, those of other tests too. */
  const inside = async (db: MysqlDatabase, holders: readonly LockHolder[]): Promise<readonly LockHolder[]> => {
    const ids = (await processesIn(db)).map(({ Id }) => String(Id))
    return holders.filter(({ backend }) => ids.includes(backend.id))
  }
  const n = async (db: MysqlDatabase): Promise<unknown> =>
    (await db.query<{ n: unknown }>('SELECT n FROM users ORDER BY id')).map((row) => Number(row.n))

  test('begins with settings of its own, whatever the server says', async () => {
    const db = await createDatabase(server)
    const session = await openSession(db.url)
    const [row] = await session.query<Record<string, unknown>>(
      `SELECT @@sql_mode AS mode, @@time_zone AS zone, @@character_set_client AS charset, @@autocommit AS autocommit,
         @@collation_connection = @@collation_database AS collation`,
    )
    expect(row?.mode).toContain('STRICT_ALL_TABLES')
    expect(row?.mode).not.toMatch(/ANSI_QUOTES|NO_BACKSLASH_ESCAPES/)
    expect(row).toMatchObject({ zone: '+00:00', charset: 'utf8mb4' })
    expect([Number(row?.autocommit), Number(row?.collation)]).toEqual([1, 1])
  })

  test('gives numbers beyond 2^53, decimals, times and JSON as text, and DDL no rows', async () => {
    const db = await createDatabase(server)
    const session = await openSession(db.url)
    expect(
      await session.query(
        'CREATE TABLE t (u bigint unsigned, d decimal(30,10), at datetime(6), j json, b varbinary(3), y tinyint(1))',
      ),
    ).toEqual([])
    const values = [
      '18446744073709551615',
      '1.5',
      '2026-11-22 01:02:03.000004',
      '{"a": 1}',
      Buffer.from([0, 1, 255]),
      true,
    ]
    await session.query('INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)', values)
    const [row] = await session.query('SELECT * FROM t')
    expect({ ...row }).toEqual({
      u: '18446744073709551615',
      d: '1.5000000000',
      at: '2026-11-22 01:02:03.000004',
      j: '{"a": 1}',
      b: Buffer.from([0, 1, 255]),
      y: 1,
    })
  })

  test('writes values as values, never as SQL', async () => {
    const db = await createDatabase(server)
    const session = await openSession(db.url)
    const nasty = [`'; DROP TABLE x; --`, `\\' OR 1=1`, '“ü\u0000"`?', null, undefined]
    for (const value of nasty) {
      const [row] = await session.query<{ v: unknown }>('SELECT ? AS v', [value])
      expect(row?.v ?? null).toBe(value ?? null)
    }
    const [row] = await session.query<{ v: string }>('SELECT ? AS v', [{ id: 1 }])
    expect(row?.v).toBe('[object Object]')
    expect(await session.query(`SELECT 'a?b' AS v`)).toEqual([{ v: 'a?b' }])
  })

  test('a transaction commits, or rolls back and rethrows', async () => {
    const db = await withTable()
    const session = await openSession(db.url)
    await session.transaction(NO_LIMIT, () => session.query('UPDATE users SET n = n + 1'))
    const error = new Error('stop')
    const failing = session.transaction(NO_LIMIT, async () => {
      await session.query('UPDATE users SET n = n + 1')
      throw error
    })
    await expect(failing).rejects.toBe(error)
    expect(await n(db)).toEqual([1, 1])
  })

  test('a transaction in which a statement failed is never committed, even if nobody minded', async () => {
    const db = await withTable()
    const session = await openSession(db.url)
    const error = await errorOf(
      session.transaction(NO_LIMIT, async () => {
        await session.query('UPDATE users SET n = n + 1')
        await session.query('INSERT INTO users VALUES (1, 1)').catch(() => {})
      }),
    )
    expect(error.code).toBe('DATABASE.ROLLED_BACK')
    expect(await n(db)).toEqual([0, 0])
  })

  test('says when a statement committed by itself', async () => {
    const db = await withTable()
    const session = await openSession(db.url)
    const error = await errorOf(
      session.transaction(NO_LIMIT, async () => {
        await session.query('UPDATE users SET n = n + 1')
        await session.query('ALTER TABLE users ADD COLUMN m int')
        await session.query('SELECT * FROM users')
      }),
    )
    expect(error.code).toBe('DATABASE.TRANSACTION_ENDED')
  })

  test('a lock timeout is one also where the statement may take no longer', async () => {
    const db = await withTable()
    const session = await openSession(db.url)
    const holder = await db.open()
    await holder.query('LOCK TABLES users READ')
    const alter = session.limited({ lockTimeout: 1000, statementTimeout: 800 }, () =>
      session.query('ALTER TABLE users ADD COLUMN a int, ALGORITHM=INSTANT'),
    )
    expect(classifyError(await errorOf(alter))).toBe('lock timeout')
    await holder.query('UNLOCK TABLES')
    await session.close()
  })

  test('a lock timeout ends the statement after a second, and the whole transaction is rolled back', async () => {
    const db = await withTable()
    const session = await openSession(db.url)
    const other = await db.open()
    await other.query('BEGIN')
    await other.query('UPDATE users SET n = 5 WHERE id = 2')
    const started = Date.now()
    const error = await errorOf(
      session.transaction({ lockTimeout: 300, statementTimeout: 0 }, async () => {
        await session.query('UPDATE users SET n = 1 WHERE id = 1')
        await session.query('UPDATE users SET n = 1 WHERE id = 2')
      }),
    )
    expect(classifyError(error)).toBe('lock timeout')
    expect(Date.now() - started).toBeLessThan(2500)
    await other.query('ROLLBACK')
    expect(await n(db)).toEqual([0, 0])
  })

  test('waits for 5 s behind a metadata lock where there is no limit, and puts the limits back', async () => {
    const db = await withTable()
    const session = await openSession(db.url)
    const limits = (): Promise<readonly unknown[]> =>
      session.query('SELECT @@lock_wait_timeout AS a, @@innodb_lock_wait_timeout AS b')
    await session.query('SET SESSION lock_wait_timeout = 77, innodb_lock_wait_timeout = 66')
    const before = await limits()
    const other = await db.open()
    await other.query('BEGIN')
    await other.query('SELECT * FROM users')
    const short = session.limited({ lockTimeout: 1000, statementTimeout: 0 }, () =>
      session.query('ALTER TABLE users ADD COLUMN a int'),
    )
    expect(classifyError(await errorOf(short))).toBe('lock timeout')
    expect(await limits()).toEqual(before)
    const started = Date.now()
    const long = session.limited(NO_LIMIT, () => session.query('ALTER TABLE users ADD COLUMN a int'))
    await sleep(5000)
    await other.query('COMMIT')
    await long
    expect(Date.now() - started).toBeGreaterThan(4900)
    expect(await limits()).toEqual(before)
  })

  test('a statement timeout ends queries, locked updates and DDL that waits, and is told from a cancellation', async () => {
    const db = await withTable()
    const session = await openSession(db.url)
    const watcher = await openSession(db.url)
    const other = await db.open()
    await other.query('BEGIN')
    await other.query('UPDATE users SET n = 5')
    const limit = { lockTimeout: 0, statementTimeout: 400 }
    for (const statement of ['UPDATE users SET n = 1', 'ALTER TABLE users ADD COLUMN a int']) {
      const started = Date.now()
      const error = await errorOf(session.limited(limit, () => session.query(statement)))
      expect([statement, classifyError(error)]).toEqual([statement, 'statement timeout'])
      expect(Date.now() - started).toBeGreaterThan(350)
      expect(Date.now() - started).toBeLessThan(1500)
    }
    const waiting = errorOf(
      session.limited({ ...limit, statementTimeout: 60_000 }, () => session.query('UPDATE users SET n = 1')),
    )
    await sleep(300)
    await cancelBackend(watcher, session.backend)
    expect(classifyError(await waiting)).toBe('cancelled')
    await other.query('ROLLBACK')
    // A limit that passed and a kill that came late leave nothing behind.
    expect(await session.query('SELECT n FROM users WHERE id = 1')).toHaveLength(1)
  })

  test('a statement timeout ends a build in place', async () => {
    const db = await createDatabase(server)
    const session = await openSession(db.url)
    await session.query('CREATE TABLE big (id int AUTO_INCREMENT PRIMARY KEY, v varchar(200)) ENGINE=InnoDB')
    await session.query(`INSERT INTO big (v) VALUES (REPEAT('a', 200))`)
    for (let round = 0; round < 17; round++) await session.query('INSERT INTO big (v) SELECT v FROM big')
    const error = await errorOf(
      session.limited({ lockTimeout: 0, statementTimeout: 100 }, () =>
        session.query('ALTER TABLE big ADD INDEX by_v (v), ALGORITHM=INPLACE, LOCK=NONE'),
      ),
    )
    expect(classifyError(error)).toBe('statement timeout')
  })

  test('killed in the middle of a transaction: nothing of it stands, and the error is one of the connection', async () => {
    const db = await withTable()
    const session = await openSession(db.url)
    const other = await openSession(db.url)
    const error = await errorOf(
      session.transaction(NO_LIMIT, async () => {
        await session.query('UPDATE users SET n = n + 1')
        await terminateBackend(other, session.backend)
        await session.query('UPDATE users SET n = n + 1')
      }),
    )
    expect(classifyError(error), String(error)).toBe('connection')
    expect(await isBackendAlive(other, session.backend)).toBe(false)
    expect(await n(db)).toEqual([0, 0])
    await session.close()
  })

  test('dies idle without taking the process along, and says so with the next statement', async () => {
    const db = await createDatabase(server)
    const session = await openSession(db.url)
    const other = await openSession(db.url)
    await terminateBackend(other, session.backend)
    await sleep(200)
    for (let times = 0; times < 2; times++)
      expect(classifyError(await errorOf(session.query('SELECT 1')))).toBe('connection')
    await session.close()
  })

  test('closed while a statement runs, it is alive until the server has noticed, and can be ended', async () => {
    const db = await withTable()
    const session = await openSession(db.url)
    const other = await openSession(db.url)
    const holder = await db.open()
    await holder.query('BEGIN')
    await holder.query('SELECT * FROM users')
    const alter = errorOf(session.limited(NO_LIMIT, () => session.query('ALTER TABLE users ADD COLUMN a int')))
    await until(other, session.backend.id, /metadata lock/)
    await session.close()
    expect(classifyError(await alter)).toBe('connection')
    expect(await isBackendAlive(other, session.backend)).toBe(true)
    await terminateBackend(other, session.backend)
    for (let waited = 0; waited < 100 && (await isBackendAlive(other, session.backend)); waited++) await sleep(50)
    expect(await isBackendAlive(other, session.backend)).toBe(false)
    await holder.query('ROLLBACK')
  })

  test('is not mistaken for another session of the same id', async () => {
    const db = await createDatabase(server)
    const session = await openSession(db.url)
    const other = await openSession(db.url)
    expect(await isBackendAlive(other, session.backend)).toBe(true)
    const before = { id: session.backend.id, startedAt: 'of before the restart' }
    expect(await isBackendAlive(other, before)).toBe(false)
    await terminateBackend(other, before)
    await cancelBackend(other, before)
    expect(await session.query('SELECT 1 AS one')).toHaveLength(1)
  })

  test('a lane is taken by one, named, and free again when its session ends', async () => {
    const db = await createDatabase(server)
    const neighbour = await createDatabase(server)
    const first = await openSession(db.url, 'expand')
    const second = await openSession(db.url)
    const elsewhere = await openSession(neighbour.url)
    expect(await tryLaneLock(first, 'expand')).toBe(true)
    expect(await tryLaneLock(second, 'expand')).toBe(false)
    expect(await tryLaneLock(second, 'contract'), 'another lane').toBe(true)
    expect(await tryLaneLock(elsewhere, 'expand'), 'another database').toBe(true)
    const holder = await laneLockHolder(second, 'expand')
    expect(holder).toMatchObject({ backend: { id: first.backend.id } })
    expect(holder?.application).toMatch(/^phasegate/)
    await releaseLaneLock(second, 'contract')
    expect(await laneLockHolder(second, 'contract')).toBeUndefined()
    await first.close()
    for (let waited = 0; waited < 100 && !(await tryLaneLock(second, 'expand')); waited++) await sleep(20)
    expect(await laneLockHolder(elsewhere, 'expand')).toMatchObject({ backend: { id: elsewhere.backend.id } })
  })

  test('names who holds a table before we queue, and nobody once it is free', async () => {
    const db = await withTable()
    await db.query('CREATE TABLE `Other Table` (id int PRIMARY KEY)')
    const session = await openSession(db.url)
    const capabilities = capabilitiesOf(session.server)
    const holder = await db.connect()
    const id = String(holder.threadId)
    await holder.query('BEGIN')
    await holder.query('SELECT * FROM users')
    await sleep(1100)
    const held = await inside(db, await holdersOf(session, ['users'], 'EXCLUSIVE', capabilities))
    expect(held.map((one) => one.backend.id)).toEqual([id])
    expect(held[0]?.transactionSeconds).toBeGreaterThanOrEqual(1)
    expect(held[0]?.transactionSeconds).toBeLessThan(60)
    expect(held[0]?.state).toContain('idle in transaction')
    for (const [table, mode] of [
      [`${db.name}.users`, 'EXCLUSIVE'],
      ['users', 'NONE'],
      ['users', 'SHARED'],
    ] as const)
      expect(await inside(db, await holdersOf(session, [table], mode, capabilities))).toHaveLength(1)
    for (const mode of ['SHARED_WRITE', 'SHARED_READ']) {
      expect(await holdersOf(session, ['users'], mode, capabilities), 'a reader is not in the way').toEqual([])
    }
    expect(await holdersOf(session, ['Other Table', 'nowhere'], 'EXCLUSIVE', capabilities)).toEqual([])
    await holder.query('COMMIT')
    expect(await holdersOf(session, ['users'], 'EXCLUSIVE', capabilities)).toEqual([])
    // Nothing stays locked.
    await holder.query('UPDATE users SET n = 9')
  })

  test('names who keeps it waiting: for a table and for a row', async () => {
    const db = await withTable()
    const session = await openSession(db.url)
    const watcher = await openSession(db.url)
    const capabilities = capabilitiesOf(session.server)
    const holder = await db.connect()
    await holder.query('BEGIN')
    await holder.query('UPDATE users SET n = 5 WHERE id = 1')
    const blockers = async (): Promise<readonly string[]> => {
      for (let waited = 0; waited < 100; waited++) {
        const found = await inside(db, await blockersOf(watcher, session.backend, capabilities))
        if (found.length > 0) return found.map((one) => one.backend.id)
        await sleep(50)
      }
      return []
    }
    expect(await blockersOf(watcher, session.backend, capabilities), 'it does not wait').toEqual([])
    for (const statement of ['UPDATE users SET n = 1 WHERE id = 1', 'ALTER TABLE users ADD COLUMN a int']) {
      const waiting = errorOf(session.limited(NO_LIMIT, () => session.query(statement)))
      expect([statement, await blockers()]).toEqual([statement, [String(holder.threadId)]])
      await cancelBackend(watcher, session.backend)
      await waiting
    }
    await holder.query('ROLLBACK')
  })

  test('sees the sessions of others, whatever characters they say', async () => {
    const db = await withTable()
    const session = await openSession(db.url)
    const capabilities = capabilitiesOf(session.server)
    const holder = await db.connect()
    const id = String(holder.threadId)
    await holder.query('BEGIN')
    const said = "UPDATE users SET n = n + SLEEP(3) WHERE '😀' <> '' AND id = 1"
    const working = holder.query(said)
    const isAtWork = async (): Promise<boolean> =>
      (await session.query('SHOW FULL PROCESSLIST')).some((row) => row.Info === said)
    await expect.poll(isAtWork).toBe(true)
    // MariaDB shows what a transaction does up to 100 ms later, and only where nobody has asked meanwhile.
    const held = async () => inside(db, await holdersOf(session, ['users'], 'EXCLUSIVE', capabilities))
    await expect
      .poll(async () => (await held()).map((one) => [one.backend.id, one.query]), { interval: 150 })
      .toEqual([[id, said]])
    const { sessions } = await clientSessions(session, new Set([session.backend.id]))
    expect(sessions.map((one) => one.count)).toEqual([1])
    expect((await sessionsNaming(session, db.name, ['users'])).map((one) => one.backend.id)).toEqual([id])
    await working
    await holder.query('ROLLBACK')
  })
})
