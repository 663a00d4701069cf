import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { journalTable, pause } from '../backfill/backfill-setup.js'
import { said, verbsOn } from '../conformance/verbs.js'
import { createProject, type Project } from '../support/project.js'
import {
  type AnyDatabase,
  type AnyServer,
  createDatabase,
  describeOnEveryMysql,
  describeOnPostgres,
} from '../support/servers.js'
import { countOf, wordsOf } from '../support/sql-words.js'
import { startDaemon } from './daemon.js'

const NAME = '20261122093000_fill'
const OTHER = '20261122100000_other'

describeOnPostgres(18, 'phasegate worker', (server) => {
  gateAndPerson(server)
  handsOver(server)
})
// Only what depends on the server: the loop above the dialects knows none.
describeOnEveryMysql('phasegate worker', handsOver)

async function items(server: AnyServer, rows: number): Promise<AnyDatabase> {
  const db = await createDatabase(server)
  await db.query(`CREATE TABLE items (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, a int);
    INSERT INTO items (id) SELECT g FROM ${wordsOf(server).numbers(rows)}`)
  return db
}

/** Counts each row once; each takes so many ms, in batches of ten. */
const counting = ({ family }: AnyServer, ms: number): string => `import { defineMigration, sql } from 'phasegate'
  export default defineMigration({ appUses: 'new', backfill: {
    table: 'items', set: { n: sql\`n + 1 + ${pause(family, ms)}\` }, once: true, batch: { size: 10, time: 10 * ${ms} } } })`

const project = (files: Readonly<Record<string, string>>): Project =>
  createProject(Object.fromEntries(Object.entries(files).map(([name, text]) => [`phasegate/${name}.ts`, text])))

function gateAndPerson(server: AnyServer): void {
  test('takes up a backfill as soon as its gate is open, and ends with 0 on SIGTERM', async () => {
    const db = await items(server, 100)
    const files = project({
      [NAME]: `import { defineMigration, sql } from 'phasegate'
        export default defineMigration({ appUses: 'new',
          expand: ({ schema }) => [schema.alterTable('items', (t) => t.integer('b'))],
          backfill: { table: 'items', set: { b: sql\`id * 2\` }, where: sql\`b IS NULL\` } })`,
    })
    const daemon = startDaemon(files, db)
    const idle = await daemon.heard('worker.idle')
    expect(idle).toMatchObject({ level: 'info', left: [{ unit: `${NAME}:backfill` }] })
    expect(await daemon.health('/health/ready')).toMatchObject({ status: 200, body: { state: 'idle', unit: null } })
    const expanded = await verbsOn(files, db)('expand')
    expect(expanded.code, said(expanded)).toBe(0)
    await daemon.heard('unit.changed', (line) => line.state === 'applied')
    expect(await countOf(db, 'items WHERE b = id * 2')).toBe(100)
    await daemon.stop()
    for (const line of daemon.log()) {
      expect(Object.keys(line).slice(0, 3)).toEqual(['level', 'time', 'type'])
      expect(line.message).not.toBe('')
    }
    expect(daemon.log().at(-1)).toMatchObject({ type: 'worker.stopped', applied: 1, failed: 0 })
  })

  test('obeys pause and resume, and leaves what was paused alone', async () => {
    const db = await items(server, 300)
    const files = project({ [NAME]: counting(server, 10) })
    const run = verbsOn(files, db)
    const daemon = startDaemon(files, db)
    await daemon.heard('batch.done')
    expect((await run('pause', 'fill')).code).toBe(0)
    await daemon.heard('worker.idle', (line) => line.message.includes('paused'))
    const done = await countOf(db, 'items WHERE n = 1')
    expect(done).toBeLessThan(300)
    await sleep(1000)
    expect(await countOf(db, 'items WHERE n = 1')).toBe(done)
    expect((await daemon.health('/health/ready')).body).toMatchObject({ state: 'idle' })
    expect((await run('resume', 'fill')).code).toBe(0)
    await daemon.heard('unit.changed', (line) => line.state === 'applied')
    expect(await countOf(db, 'items WHERE n = 1')).toBe(300)
    await daemon.stop()
  })

  test('shares a table with another one', async () => {
    const db = await items(server, 600)
    const files = project({ [NAME]: counting(server, 5) })
    const run = verbsOn(files, db)
    // Held until both are there; expand makes the journal.
    expect((await run('expand')).code).toBe(0)
    expect((await run('pause')).code).toBe(0)
    const daemons = [startDaemon(files, db), startDaemon(files, db)]
    for (const daemon of daemons) await daemon.heard('worker.idle', (line) => line.message.includes('held'))
    expect((await run('resume')).code).toBe(0)
    for (const daemon of daemons) {
      await daemon.heard('batch.done')
      await daemon.heard('backfill.ended')
      await daemon.heard('worker.idle', (line) => line.message === 'nothing to do')
    }
    expect(await countOf(db, 'items WHERE n = 1')).toBe(600)
    expect((await run('status', '--json')).json()).toMatchObject({
      migrations: [{ phases: { backfill: { state: 'applied', progress: { done: 600, percent: 100 } } } }],
    })
    for (const daemon of daemons) await daemon.stop()
  })

  test('does not begin what a person cancels between its look and the lock', async () => {
    const db = await items(server, 300)
    const files = project({ [NAME]: counting(server, 10) })
    const first = startDaemon(files, db)
    await first.heard('batch.done')
    await first.stop()
    const done = await countOf(db, 'items WHERE n = 1')
    // The gate is asked in between.
    files.write(
      'phasegate.config.ts',
      `import { defineConfig } from 'phasegate'
      import { runCancel } from 'phasegate/run'
      let cancelled = false
      const cancels = { name: 'cancels', cost: 0, check: async ({ snapshot }) => {
        if (!cancelled) await runCancel({ migration: 'fill', cwd: '/', database: process.env.DATABASE_URL })
        cancelled = true
        return { name: 'cancels', state: 'open', reason: 'cancelled', observedAt: snapshot.now }
      } }
      export default defineConfig({ gates: { backfill: [cancels] } })`,
    )
    const second = startDaemon(files, db)
    await second.heard('worker.idle', (line) => line.message.includes('was cancelled'))
    expect(await countOf(db, 'items WHERE n = 1')).toBe(done)
    await second.stop()
  })

  test('does not try one that it could not even begin again and again', async () => {
    const db = await items(server, 10)
    const files = project({ [NAME]: counting(server, 1).replace("'items'", "'nowhere'") })
    const daemon = startDaemon(files, db)
    await daemon.heard('worker.failed', (line) => line.code === 'BACKFILL.NO_TABLE')
    const idle = await daemon.heard('worker.idle', (line) => line.message.includes('tried again after a pause'))
    expect(idle.left).toMatchObject([{ unit: `${NAME}:backfill` }])
    await sleep(2000)
    expect(daemon.log().filter((line) => line.type === 'worker.failed')).toHaveLength(1)
    await daemon.stop()
    expect(daemon.log().at(-1)).toMatchObject({ type: 'worker.stopped', applied: 0, failed: 1 })
  })

  test('goes on with others when one fails, and does not try that one again until somebody says so', async () => {
    const db = await items(server, 100)
    await db.query('UPDATE items SET n = 2147483000 WHERE id = 50')
    const files = project({
      [NAME]: `import { defineMigration, sql } from 'phasegate'
        export default defineMigration({ appUses: 'new', backfill: {
          table: 'items', set: { n: sql\`n + 1000\` }, once: true, batch: { size: 10 } } })`,
      [OTHER]: `import { defineMigration, sql } from 'phasegate'
        export default defineMigration({ appUses: 'new', backfill: {
          table: 'items', set: { a: sql\`id + 1\` }, where: sql\`a IS NULL\` } })`,
    })
    const daemon = startDaemon(files, db)
    await daemon.heard('unit.changed', (line) => line.state === 'failed')
    await daemon.heard('unit.changed', (line) => line.state === 'applied' && line.unit === `${OTHER}:backfill`)
    const idle = await daemon.heard('worker.idle', (line) => line.message.includes('phasegate resume'))
    expect(idle.left).toMatchObject([{ unit: `${NAME}:backfill` }])
    await sleep(2000)
    const begun = daemon.log().filter((line) => line.type === 'unit.started' && line.unit === `${NAME}:backfill`)
    expect(begun).toHaveLength(1)
    expect((await daemon.health('/health/ready')).body).toMatchObject({ lastError: { code: 'BACKFILL.ROW' } })
    await db.query('UPDATE items SET n = 7 WHERE id = 50')
    const resumed = await verbsOn(files, db)('resume', 'fill')
    expect(resumed.code, said(resumed)).toBe(0)
    await daemon.heard('unit.changed', (line) => line.state === 'applied' && line.unit === `${NAME}:backfill`)
    expect(await countOf(db, 'items WHERE n IN (1000, 1007)')).toBe(100)
    await daemon.stop()
  })
}

function handsOver(server: AnyServer): void {
  test('gives its lease back on SIGTERM in the middle of a backfill, and another one goes on', async () => {
    const db = await items(server, 300)
    const files = project({ [NAME]: counting(server, 10) })
    const first = startDaemon(files, db)
    await first.heard('batch.done')
    await first.stop()
    expect(await countOf(db, `${journalTable(server.family, 'backfill_range')} WHERE owner IS NOT NULL`)).toBe(0)
    const done = await countOf(db, 'items WHERE n = 1')
    expect(done).toBeGreaterThan(0)
    expect(done).toBeLessThan(300)
    const second = startDaemon(files, db)
    await second.heard('unit.changed', (line) => line.state === 'applied')
    expect(await countOf(db, 'items WHERE n = 1')).toBe(300)
    await second.stop()
  })

  test('is taken over by one that waits beside it when it is killed', async () => {
    const db = await items(server, 300)
    const files = project({ [NAME]: counting(server, 10) })
    const first = startDaemon(files, db)
    await first.heard('batch.done')
    // Stopped, so that it is still in the middle when the other one is there.
    first.kill('SIGSTOP')
    const second = startDaemon(files, db)
    await second.heard('worker.connected')
    first.kill('SIGKILL')
    await second.heard('unit.changed', (line) => line.state === 'applied', 50_000)
    expect(await countOf(db, 'items WHERE n = 1')).toBe(300)
    await second.stop()
  })
}
