import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { type LiveTraffic, startTraffic } from '../support/live-traffic.js'
import { runCli, startCli } from '../support/run-cli.js'
import type { Random } from '../support/seed.js'
import type { AnyDatabase, MysqlDatabase, SharedMysql } from '../support/servers.js'
import { AGAIN, assertNothingLost, ghostDatabase, startWriting } from './ghost-setup.js'
import { killAt, type Victim } from './kill-at.js'
import { assertNothingLeft, oscProject, typeOfN } from './osc-setup.js'

const ROWS = 20_000
const LONG = ['expand', '--long']
const ALTER = 'ALTER TABLE users MODIFY n bigint NOT NULL DEFAULT 0'
/** The referring row is of a new one, while the keys still watch the old table (docs/large-tables.md). */
const WINDOW = /ER_NO_REFERENCED_ROW_2|a foreign key constraint fails/
const TIMEOUT = 120_000

/** Two tables whose foreign keys point at `users`: what is deleted there goes here, or loses its owner. */
export async function referencedDatabase(server: SharedMysql, rows = ROWS): Promise<MysqlDatabase> {
  const db = await ghostDatabase(server, rows)
  await db.query(`CREATE TABLE orders (id bigint PRIMARY KEY AUTO_INCREMENT, owner bigint,
      CONSTRAINT owner FOREIGN KEY (owner) REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE);
    CREATE TABLE visits (id bigint PRIMARY KEY AUTO_INCREMENT, visitor bigint,
      CONSTRAINT visitor FOREIGN KEY (visitor) REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE);
    INSERT INTO orders (owner) SELECT id FROM users WHERE id % 7 = 0;
    INSERT INTO visits (visitor) SELECT id FROM users WHERE id % 5 = 0;
    CREATE TABLE placed (id bigint PRIMARY KEY, owner bigint NOT NULL) AS SELECT id, owner FROM orders`)
  return db
}

/** Writers of the tables that point at `users`. */
export function startOrdering(db: AnyDatabase, rows = ROWS): Promise<LiveTraffic> {
  const any = (): number => 3 * (1 + Math.floor(Math.random() * rows))
  return startTraffic({
    db,
    ...{ readers: 1, writers: 1 },
    read: (client) => client.query('SELECT o.id FROM orders o JOIN users u ON u.id = o.owner LIMIT 10'),
    write: (client, round) =>
      client.query(
        `INSERT INTO ${round % 2 === 0 ? 'orders (owner)' : 'visits (visitor)'} SELECT id FROM users WHERE id = ?`,
        [any()],
      ),
  })
}

/** Every foreign key is there, under either of its names, and points at the table that is there. */
export async function assertKeysPoint(db: AnyDatabase): Promise<void> {
  const keys = await db.query(
    `SELECT table_name AS t, TRIM(LEADING '_' FROM constraint_name) AS name, referenced_table_name AS points,
       delete_rule AS on_delete, update_rule AS on_update
     FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE() ORDER BY t`,
  )
  expect(keys).toEqual([
    { t: 'orders', name: 'owner', points: 'users', on_delete: 'CASCADE', on_update: 'CASCADE' },
    { t: 'visits', name: 'visitor', points: 'users', on_delete: 'SET NULL', on_update: 'CASCADE' },
  ])
}

/** Rows that refer to nobody. */
export async function orphansIn(db: AnyDatabase): Promise<number> {
  const [row] = await db.query(
    `SELECT (SELECT COUNT(*) FROM orders o LEFT JOIN users u ON u.id = o.owner WHERE u.id IS NULL AND o.owner IS NOT NULL)
       + (SELECT COUNT(*) FROM visits v LEFT JOIN users u ON u.id = v.visitor WHERE u.id IS NULL AND v.visitor IS NOT NULL) AS n`,
  )
  return Number(row!.n)
}

/** Each order whose owner is there, under either of its keys, is there too: no update of the owner has taken it away. */
async function assertOrdersKept(db: AnyDatabase): Promise<void> {
  const [row] = await db.query(
    `SELECT COUNT(*) AS n FROM placed p JOIN users u ON u.id IN (p.owner, -p.owner) LEFT JOIN orders o ON o.id = p.id WHERE o.id IS NULL`,
  )
  expect(Number(row!.n)).toBe(0)
}

/**
 * As `oscRound`, with a table at which foreign keys point, which the tool swaps by itself. True: it was killed before its end.
 */
export async function foreignKeyRound(
  server: SharedMysql,
  tool: string,
  random: Random,
  victim: Victim,
): Promise<boolean> {
  const db = await referencedDatabase(server)
  const project = oscProject(tool, { alter: ALTER, slow: 0.05 })
  const env = { DATABASE_URL: db.url }
  // Half of the time it is killed while a lock keeps it at its swap, or at making the keys anew.
  const held = random.next() < 0.5
  try {
    const traffic = await startWriting(db, ROWS)
    const ordering = await startOrdering(db)
    const cli = startCli(project, LONG, { env, timeout: TIMEOUT })
    const holder = await db.open()
    const hold = held ? holdOneOf(db, holder, random.next() < 0.5 ? 'users' : 'visits', cli.ended) : Promise.resolve()
    const killed = await killAt(cli, random.int(0, held ? 9000 : 6000), victim)
    await hold
    await holder.query('ROLLBACK')
    const first = await cli.ended
    // Killed between its swap and its keys, the supervisor makes the keys, and says which rows have no parent.
    if (victim === 'tool' && killed && first.code !== 0)
      expect(first.stdout + first.stderr).toMatch(/was ended by SIGKILL|ENGINE\.ORPHANS/)
    for (
      let run = first;
      run === first || run.code !== 0;
      run = await runCli(project, LONG, { env, timeout: TIMEOUT })
    ) {
      const text = run.stdout + run.stderr
      const told = text.includes('ENGINE.ORPHANS')
      expect(run === first || told, text).toBe(true)
      if (told) await correct(db, text)
    }
    const seen = [await traffic.stop(), await ordering.stop()]
    const errors = seen.flatMap(({ reads, writes }) => [...reads.errors, ...writes.errors]).map(String)
    expect(errors.filter((error) => db.family !== 'mariadb' || !WINDOW.test(error))).toEqual([])
    expect(await typeOfN(db)).toBe('bigint')
    await assertNothingLost(db)
    await assertKeysPoint(db)
    await assertOrdersKept(db)
    expect(await orphansIn(db)).toBe(0)
    await assertNothingLeft(db)
    await db.drop()
    return killed
  } finally {
    project.delete()
  }
}

/** Does to what the queries find, and to nothing else, what the key would have done: it follows a changed owner, or goes. */
async function correct(db: AnyDatabase, text: string): Promise<void> {
  const queries = [...text.matchAll(/delete or correct them: (SELECT child\.\* FROM .*)/g)].map(([, query]) => query!)
  expect(queries.length, text).toBeGreaterThan(0)
  for (const query of queries) {
    const rows = await db.query(query)
    expect(rows.length).toBeGreaterThan(0)
    const table = /FROM \S+\.`?(\w+)`? child/.exec(query)![1]!
    const column = { orders: 'owner', visits: 'visitor' }[table]
    const which = `id IN (${rows.map(({ id }) => id).join(', ')})`
    const follow = `UPDATE IGNORE ${table} SET ${column} = -${column} WHERE ${which} AND -${column} IN (SELECT id FROM users)`
    for (const until = Date.now() + 5000; Date.now() < until && (await db.query(query)).length > 0; )
      await db
        .query(`${follow}; DELETE FROM ${table} WHERE ${which} AND ${column} NOT IN (SELECT id FROM users)
        AND -${column} NOT IN (SELECT id FROM users)`)
        .catch((error: { errno?: number }) => {
          if (!AGAIN.includes(error.errno ?? 0)) throw error
        })
  }
}

/** Once the copy is nearly complete, a transaction that has read the table keeps the tool waiting for its lock. */
async function holdOneOf(
  db: AnyDatabase,
  holder: Awaited<ReturnType<AnyDatabase['open']>>,
  table: string,
  ended: Promise<unknown>,
): Promise<void> {
  let over = false
  void ended.then(() => {
    over = true
  })
  while (!over && (await copied(db)) < 0.8 * ROWS) await sleep(200)
  await holder.query(`BEGIN; SELECT 1 FROM ${table} LIMIT 1`)
}

async function copied(db: AnyDatabase): Promise<number> {
  // Not there yet, or not any more.
  const [row] = await db.query('SELECT COUNT(*) AS n FROM _users_new').catch(() => [{ n: 0 }])
  return Number(row?.n)
}
