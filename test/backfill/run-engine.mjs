// An engine in a process of its own, to be killed. argv[2]: JSON { family, url, owner, backfill, options }. Prints its
// outcome. A backfill that maps carries the text of its function in `form.map`.
import { runBackfill } from '@phasegate/backfill'
import { fingerprint, systemClock } from '@phasegate/core'
import { connectMysql } from '@phasegate/mysql'
import { connectPostgres } from '@phasegate/postgres'

const { family, url, owner, backfill, options } = JSON.parse(process.argv[2] ?? '')
if (backfill.form?.kind === 'map') backfill.form.map = new Function(`return ${backfill.form.map}`)()
const target = await (family === 'postgres' ? connectPostgres : connectMysql)({ connection: url })

const outcome = await runBackfill({
  target,
  unit: { migration: '20261122093000_fill', phase: 'backfill' },
  fingerprint: fingerprint(backfill),
  backfill,
  actor: { by: owner, through: {} },
  owner,
  openSession: () => target.openSession('backfill'),
  withLaneLock: async (work) => {
    const session = await target.openSession('lane')
    try {
      while (!(await target.tryLock(session, 'backfill'))) await systemClock.sleep(20)
      return await work(session)
    } finally {
      await session.close()
    }
  },
  clock: systemClock,
  emit: (event) => {
    if (event.type === 'batch.done') process.stdout.write('batch\n')
  },
  ...options,
})
process.stdout.write(`${JSON.stringify({ state: outcome.state, rows: outcome.rows })}\n`)
await target.close()
