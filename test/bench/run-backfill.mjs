// Runs one backfill on the packages as users get them, and prints { seconds, peakBytes }: seconds from the first batch
// to the last, peakBytes of this process while it ran.

import { runBackfill } from '@phasegate/backfill'
import { systemClock } from '@phasegate/core'

/** @type {{ url: string, dialect: { package: string, connect: string }, change: { column: string, expression: string, where: string } }} */
const { url, dialect, change } = JSON.parse(process.argv[2] ?? '')
const target = await (await import(dialect.package))[dialect.connect]({ connection: url })
const session = await target.openSession('bench')
await target.assertUsable(session)
await target.journal.ensure(session, [])

/** @type {import('@phasegate/core').UnitId} */
const unit = { migration: '20261122093000_bench', phase: 'backfill' }
const started = performance.now()
let lastBatch = started
let peakBytes = 0
const outcome = await runBackfill({
  target,
  unit,
  fingerprint: '1:bench',
  actor: { by: 'bench', through: {} },
  owner: 'bench',
  backfill: {
    table: { name: 'users' },
    set: [{ column: change.column, expression: change.expression }],
    where: change.where,
    batchSize: 1000,
    batchTime: 250,
    once: false,
    comparable: true,
    reads: ['verified_at', 'email_verified'],
    written: 'bench',
  },
  openSession: () => target.openSession('batch'),
  withLaneLock: (work) => work(session),
  clock: systemClock,
  emit: (event) => {
    if (event.type === 'batch.done') lastBatch = performance.now()
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
  },
})
if (outcome.state !== 'applied') throw new Error(`the backfill is ${outcome.state}`)
await session.close()
await target.close()
console.log(JSON.stringify({ seconds: (lastBatch - started) / 1000, peakBytes }))
