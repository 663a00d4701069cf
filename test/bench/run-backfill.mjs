// Runs the pending backfill of the project in the working directory, by the verb that users run, and prints what
// `EngineRun` of run-engine.ts says. Times are in ms since 1970, so that others can lay theirs beside them.

import { runBackfill } from 'phasegate/run'

const now = () => performance.timeOrigin + performance.now()

/** @type {{ url: string, rows: number, tell: boolean }} */
const { url, rows, tell } = JSON.parse(process.argv[2] ?? '')
/** @type {number | undefined} */
let started
let peakBytes = 0
let done = 0
/** @type {{ at: number, rows: number, ms: number }[]} */
const batches = []

const result = await runBackfill({
  database: url,
  environment: {},
  emit: (event) => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
    if (event.type === 'unit.started') started ??= now()
    if (event.type !== 'batch.done') return
    const tenth = Math.floor((done * 10) / rows)
    done += event.rows
    batches.push({ at: now(), rows: event.rows, ms: event.ms })
    if (tell && Math.floor((done * 10) / rows) > tenth)
      process.stderr.write(
        `    ${done.toLocaleString('en-US')} rows after ${Math.round((now() - (started ?? 0)) / 1000)} s\n`,
      )
  },
})
const [unit] = result.units
if (unit?.outcome !== 'applied')
  throw new Error(`the backfill is ${unit?.outcome}: ${unit?.reason}`, { cause: unit?.error })
if (done < rows) throw new Error(`the backfill changed ${done} rows of ${rows}`)
process.stdout.write(JSON.stringify({ started, batches, peakBytes }))
