import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { said, verbsOn } from '../conformance/verbs.js'
import { createProject } from '../support/project.js'
import { createDatabase, describeOnEveryServer } from '../support/servers.js'
import { wordsOf } from '../support/sql-words.js'
import { startDaemon } from './daemon.js'

const NAMES = ['20261122093000_first', '20261122094500_second'] as const

/** Each contract counts that it ran, which nothing but the journal keeps it from doing twice. */
const migration = (table: string): string => `import { allow, defineMigration, sql } from 'phasegate'
  export default defineMigration({ appUses: 'new',
    expand: ({ schema }) => [schema.alterTable('${table}', (t) => t.integer('b'))],
    backfill: { table: '${table}', set: { b: sql\`a * 2\` }, where: sql\`b IS NULL\` },
    contract: ({ schema }) => [
      allow('PHASE.WRITES', 'it is one row', sql\`UPDATE tally SET times = times + 1 WHERE name = '${table}'\`),
      schema.alterTable('${table}', (t) => t.dropColumn('a')),
    ] })`

describeOnEveryServer('two contracts whose gates open at the same instant', (server) => {
  test('are each applied once, in their order, by two runners that both want both', async () => {
    let status = 503
    let asked = 0
    const gate = createServer((_request, response) => {
      asked++
      response.writeHead(status).end('so far')
    })
    await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => new Promise<void>((resolve) => gate.close(() => resolve())))
    const url = `http://127.0.0.1:${(gate.address() as AddressInfo).port}/`

    const db = await createDatabase(server)
    for (const table of ['first', 'second'])
      await db.query(
        `CREATE TABLE ${table} (id int PRIMARY KEY, a int); INSERT INTO ${table} (id, a) VALUES (1, 1), (2, 2)`,
      )
    await db.query(
      `CREATE TABLE tally (name varchar(20) PRIMARY KEY, times int); INSERT INTO tally (name, times) VALUES ('first', 0), ('second', 0)`,
    )
    const project = createProject({
      'phasegate.config.ts': `import { defineConfig, http } from 'phasegate'
      export default defineConfig({ contract: { announce: '0ms', confirm: '${db.name}' }, gates: { contract: [http('${url}')] } })`,
      [`phasegate/${NAMES[0]}.ts`]: migration('first'),
      [`phasegate/${NAMES[1]}.ts`]: migration('second'),
    })
    const run = verbsOn(project, db)
    for (const verb of ['expand', 'backfill']) {
      const done = await run(verb)
      expect(done.code, said(done)).toBe(0)
    }
    for (const name of NAMES) {
      const approved = await run('approve', `${name}:contract`, '--reason', 'looked')
      expect(approved.code, said(approved)).toBe(0)
    }

    const runners = [startDaemon(project, db, ['--contract']), startDaemon(project, db, ['--contract'])]
    for (const runner of runners)
      await runner.heard('worker.idle', ({ message }) => NAMES.every((name) => message.includes(`${name}:contract`)))
    const before = asked
    await expect.poll(() => asked, { timeout: 30_000 }).toBeGreaterThan(before + 4)
    status = 200

    const { journal } = wordsOf(server)
    const units = () =>
      db.query(`SELECT migration, state, attempts FROM ${journal('unit')} WHERE phase = 'contract' ORDER BY migration`)
    const applied = NAMES.map((name) => ({ migration: name, state: 'applied', attempts: 1 }))
    await expect.poll(units, { timeout: 60_000, interval: 200 }).toEqual(applied)
    for (const runner of runners) await runner.stop()
    expect(await db.query('SELECT name, times FROM tally ORDER BY name')).toEqual([
      { name: 'first', times: 1 },
      { name: 'second', times: 1 },
    ])
    const events = await db.query(
      `SELECT migration, type FROM ${journal('event')} WHERE phase = 'contract' AND type IN ('unit.running', 'unit.applied', 'unit.failed') ORDER BY id`,
    )
    const told = events.map(({ migration: name, type }) => `${name} ${type}`)
    // A unit tells that it is running more than once.
    expect(told.filter((one) => one.endsWith('applied'))).toHaveLength(2)
    expect([...new Set(told)]).toEqual(NAMES.flatMap((name) => [`${name} unit.running`, `${name} unit.applied`]))
    const failed = runners.flatMap((runner) => runner.log()).filter(({ level }) => level === 'error')
    expect(failed).toEqual([])
  }, 180_000)
})
