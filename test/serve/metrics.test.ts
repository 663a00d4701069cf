import { expect, test } from 'vitest'
import { verbsOn } from '../conformance/verbs.js'
import { createProject } from '../support/project.js'
import { createDatabase, describeWithPrometheus, startPrometheus } from '../support/servers.js'
import { startDaemon } from '../worker/daemon.js'
import { startServe } from './start-serve.js'

const NAME = '20261122093000_fill'
const FILES = {
  [`phasegate/${NAME}.ts`]: `import { defineMigration, sql } from 'phasegate'
  export default defineMigration({ appUses: 'new',
    expand: ({ schema }) => [schema.alterTable('items', (t) => t.integer('b'))],
    backfill: { table: 'items', set: { b: sql\`id * 2\` }, where: sql\`b IS NULL\` } })`,
}

/** The series of a query, as Prometheus has them now: labels of ours, and the value. */
async function ask(url: string, query: string): Promise<readonly (readonly [object, string])[]> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`)
  const { data } = (await response.json()) as { data: { result: { metric: object; value: [number, string] }[] } }
  return data.result.map(({ metric, value: [, value] }) => {
    const { __name__, job, instance, ...labels } = metric as Record<string, string>
    return [labels, value]
  })
}

describeWithPrometheus('metrics', (server) => {
  test('of serve and of a worker are what Prometheus reads', async () => {
    const db = await createDatabase(server)
    await db.query('CREATE TABLE items (id int PRIMARY KEY); INSERT INTO items SELECT generate_series(1, 100)')
    const project = createProject(FILES)
    const served = await startServe(project, db)
    const status = await startPrometheus(new URL(served.url).host, '/migrations/metrics')
    const patient = { timeout: 30_000 }
    const seen = (url: string, query: string) => expect.poll(() => ask(url, query), patient)
    await seen(status.url, 'phasegate_units{phase="backfill"} > 0').toEqual([
      [{ phase: 'backfill', state: 'pending' }, '1'],
    ])
    expect((await verbsOn(project, db)('expand')).code).toBe(0)
    const daemon = startDaemon(project, db)
    const { health } = await daemon.heard('worker.started')
    const work = await startPrometheus(new URL(String(health)).host)
    await daemon.heard('unit.changed', (line) => line.state === 'applied')
    await seen(status.url, 'phasegate_units{phase="backfill"} > 0').toEqual([
      [{ phase: 'backfill', state: 'applied' }, '1'],
    ])
    await seen(status.url, 'phasegate_verdict > 0').toEqual([[{ verdict: 'compatible' }, '1']])
    await seen(status.url, 'phasegate_gate_state{phase="backfill"}').toEqual([
      [{ migration: NAME, phase: 'backfill', state: 'open' }, '1'],
    ])
    await seen(work.url, 'phasegate_batch_rows_total').toEqual([[{ unit: `${NAME}:backfill` }, '100']])
    // It reads every one of them.
    expect(await ask(status.url, 'scrape_samples_scraped > 20')).toHaveLength(1)
    await daemon.stop()
    await served.stop()
  })
})
