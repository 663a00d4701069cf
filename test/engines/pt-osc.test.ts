import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { PASSWORD } from '../support/mysql-settings.js'
import { movesKeysFirst } from '../support/pt-osc.js'
import { type RunningCli, runCli, startCli } from '../support/run-cli.js'
import { type AnyDatabase, describeWithPtOsc } from '../support/servers.js'
import { assertNothingLost, ghostDatabase, startWriting } from './ghost-setup.js'
import { assertNothingLeft, leftBehind, NAME, oscProject, typeOfN } from './osc-setup.js'

const env = (db: AnyDatabase): Record<string, string> => ({ DATABASE_URL: db.url })
const LONG = ['expand', '--long']

const toolOf = (cli: RunningCli): number => Number(/process (\d+)/.exec(cli.stderr() + cli.stdout())![1])

describeWithPtOsc('pt-online-schema-change', (server, tool) => {
  test('a table is copied beside traffic and swapped: nothing is lost, doubled or left', async () => {
    const db = await ghostDatabase(server)
    const traffic = await startWriting(db)
    const result = await runCli(oscProject(tool, { slow: 0.02 }), [...LONG, '--json'], {
      env: env(db),
      timeout: 120_000,
    })
    const { reads, writes } = await traffic.stop()
    expect(result.code, result.stderr + result.stdout).toBe(0)
    expect(await typeOfN(db)).toBe('bigint')
    expect([...reads.errors, ...writes.errors].map(String)).toEqual([])
    expect(writes.count).toBeGreaterThan(50)
    await assertNothingLost(db)
    await assertNothingLeft(db)
    expect(result.stderr).toContain('"engine.done"')
  })

  test('the password is in a file of its owner alone', async () => {
    const db = await ghostDatabase(server)
    const cli = startCli(oscProject(tool, { slow: 0.1 }), LONG, { env: env(db) })
    await cli.waitFor(/process \d+/)
    const pid = toolOf(cli)
    const seen = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8'))
    const directory = /PHASEGATE_RUN=([^\0]+)/.exec(seen[1]!)![1]!
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    const holding = readdirSync(directory).filter((file) => {
      const path = join(directory, file)
      return statSync(path).isFile() && readFileSync(path, 'utf8').includes(PASSWORD)
    })
    expect(holding).toEqual(['client.cnf'])
    expect(statSync(join(directory, 'client.cnf')).mode & 0o777).toBe(0o600)
    const { code, stdout, stderr } = await cli.ended
    expect(code, stderr).toBe(0)
    for (const text of [...seen, stdout, stderr, JSON.stringify(await db.query('SELECT * FROM phasegate_step'))])
      expect(text).not.toContain(PASSWORD)
  })

  test('paused by a person, it waits, and goes on at once when it may', async () => {
    const db = await ghostDatabase(server)
    const project = oscProject(tool, { slow: 0.05 })
    const cli = startCli(project, LONG, { env: env(db), timeout: 120_000 })
    await cli.waitFor(/process \d+/)
    const copied = async (): Promise<number> => {
      const [row] = await db.query('SELECT COUNT(*) AS n FROM _users_new').catch(() => [{ n: 0 }])
      return Number(row?.n)
    }
    while ((await copied()) === 0) await sleep(50)
    const paused = await runCli(project, ['pause', NAME, '--reason', 'test'], { env: env(db) })
    expect(paused.code, paused.stderr).toBe(0)
    await sleep(4000)
    const before = await copied()
    await sleep(2000)
    expect(await copied()).toBe(before)
    expect(await typeOfN(db)).toBe('int')
    const started = Date.now()
    const resumed = await runCli(project, ['resume', NAME], { env: env(db) })
    expect(resumed.code, resumed.stderr).toBe(0)
    const { code, stderr } = await cli.ended
    expect(code, stderr).toBe(0)
    // The tool itself would look once in 60 seconds.
    expect(Date.now() - started).toBeLessThan(30_000)
    expect(await typeOfN(db)).toBe('bigint')
    await assertNothingLeft(db)
  })

  test('cancelled, it ends, and the table is as it was', async () => {
    const db = await ghostDatabase(server)
    const project = oscProject(tool, { slow: 0.1 })
    const traffic = await startWriting(db)
    const cli = startCli(project, LONG, { env: env(db), timeout: 120_000 })
    await cli.waitFor(/process \d+/)
    while ((await leftBehind(db)).filter((one) => one.startsWith('trigger')).length < 3) await sleep(50)
    const cancelled = await runCli(project, ['cancel', NAME], { env: env(db) })
    expect(cancelled.code, cancelled.stderr).toBe(0)
    await cli.ended
    const { writes } = await traffic.stop()
    expect(writes.errors.map(String)).toEqual([])
    expect(await typeOfN(db)).toBe('int')
    await assertNothingLost(db)
    await assertNothingLeft(db)
  })

  test.skipIf(movesKeysFirst(tool))('foreign keys that point at the table point at it afterwards', async () => {
    const db = await ghostDatabase(server)
    await db.query(`CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, owner bigint,
      CONSTRAINT owner FOREIGN KEY (owner) REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE);
      INSERT INTO orders (owner) SELECT id FROM users LIMIT 1000`)
    const traffic = await startWriting(db)
    const result = await runCli(oscProject(tool), LONG, { env: env(db), timeout: 120_000 })
    const { writes } = await traffic.stop()
    expect(result.code, result.stderr).toBe(0)
    expect(writes.errors.map(String)).toEqual([])
    const keys = await db.query(
      `SELECT referenced_table_name AS points, delete_rule AS rule FROM information_schema.referential_constraints
       WHERE constraint_schema = DATABASE() AND table_name = 'orders'`,
    )
    expect(keys).toEqual([{ points: 'users', rule: 'CASCADE' }])
    await assertNothingLost(db)
    await assertNothingLeft(db)
  })

  test.each<readonly [string, string, string, RegExp]>([
    [
      'triggers',
      'CREATE TRIGGER audit BEFORE INSERT ON users FOR EACH ROW SET NEW.n = NEW.n',
      '',
      /takes no table with triggers \(audit\)/,
    ],
    [
      'no key',
      'ALTER TABLE users MODIFY id bigint NOT NULL, DROP PRIMARY KEY, DROP KEY email',
      '',
      /needs a primary key/,
    ],
    [
      'a large child',
      `CREATE TABLE child (id int PRIMARY KEY AUTO_INCREMENT, u bigint, CONSTRAINT points FOREIGN KEY (u) REFERENCES users (id));
      INSERT INTO child (u) SELECT u.id FROM users u, (SELECT 1 UNION SELECT 2 UNION SELECT 3) x; ANALYZE TABLE child`,
      '',
      /would read child \(\d+ rows\)/,
    ],
    ['a new unique key', 'DO 0', 'ALTER TABLE users ADD UNIQUE noted (note)', /would leave out rows/],
    ['leftovers of another run', 'CREATE TABLE _users_new (id int)', '', /table _users_new/],
  ])('refused: %s', async (name, before, alter, why) => {
    const db = await ghostDatabase(server, name === 'a large child' ? 20_000 : 500)
    await db.query(before)
    const left = await leftBehind(db)
    const result = await runCli(oscProject(tool, alter === '' ? {} : { alter }), LONG, { env: env(db) })
    expect(result.code).not.toBe(0)
    expect(result.stdout + result.stderr).toMatch(why)
    expect(await typeOfN(db)).toBe('int')
    expect(await leftBehind(db)).toEqual(left)
  })

  test('refused: the tool is missing', async () => {
    const db = await ghostDatabase(server, 500)
    const result = await runCli(oscProject('/nowhere/pt-osc'), LONG, { env: env(db) })
    expect(result.stdout + result.stderr).toMatch(/pt-online-schema-change is not on this machine.*percona-toolkit/s)
  })

  test('values that the copy would cut are not swapped in', async () => {
    const db = await ghostDatabase(server, 500)
    const project = oscProject(tool, {
      alter: 'ALTER TABLE users MODIFY note varchar(8), MODIFY n bigint NOT NULL DEFAULT 0',
    })
    const result = await runCli(project, LONG, { env: env(db) })
    expect(result.code).not.toBe(0)
    expect(result.stdout + result.stderr).toMatch(/Data truncated for column 'note'/s)
    expect(await typeOfN(db)).toBe('int')
    await assertNothingLost(db)
    await assertNothingLeft(db)
  })

  test('rows that a new collation takes for the same are counted before the swap', async () => {
    const db = await ghostDatabase(server, 500)
    await db.query(`ALTER TABLE users MODIFY email varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL;
      INSERT INTO users (id, email) VALUES (1000001, 'Anna'), (1000002, 'anna')`)
    const project = oscProject(tool, {
      alter:
        'ALTER TABLE users MODIFY email varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL, MODIFY n bigint NOT NULL DEFAULT 0',
    })
    const result = await runCli(project, LONG, { env: env(db) })
    expect(result.code).not.toBe(0)
    expect(result.stdout + result.stderr).toMatch(/501 rows where the table has 502/s)
    expect(await typeOfN(db)).toBe('int')
    const cancelled = await runCli(project, ['cancel', NAME], { env: env(db) })
    expect(cancelled.code, cancelled.stderr).toBe(0)
    await assertNothingLeft(db)
  })
})
