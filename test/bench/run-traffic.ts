// Live traffic in a process of its own: clients that read and write single rows by random keys at a fixed rate, until
// somebody closes its input. Then it prints what `TrafficRun` of traffic-process.ts says.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { connectMysql } from '../support/mysql-connection.js'
import type { Sample, TrafficOrder, TrafficRun } from './traffic-process.js'

/** Clients of either kind. */
const CLIENTS = 4

type Ask = (sql: string, values: readonly (string | number)[]) => Promise<unknown>

const CONNECT: Readonly<Record<TrafficOrder['driver'], (url: string) => Promise<Ask>>> = {
  postgres: async (url) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    return (text, values) => client.query({ name: text, text, values: [...values] })
  },
  mysql: async (url) => {
    const connection = await connectMysql(url)
    return (sql, values) => connection.execute(sql, [...values])
  },
}

const { driver, url, read, write, rows, perSecond } = JSON.parse(process.argv[2] ?? '') as TrafficOrder
const now = (): number => performance.timeOrigin + performance.now()
const key = (): number => 1 + Math.floor(Math.random() * rows)
const every = (CLIENTS * 1000) / perSecond
/** Rounds that were due before are done still, or the longest waits would hide those who came behind them. */
let stopAt = Number.POSITIVE_INFINITY
let failed: Error | undefined

const run = { reads: [] as Sample[], writes: [] as Sample[] } satisfies TrafficRun
const begin = now() + 200
const clients = await Promise.all(
  Array.from({ length: CLIENTS }, async (_, i) => {
    const first = begin + (i * every) / CLIENTS
    const reader = await CONNECT[driver](url)
    const writer = await CONNECT[driver](url)
    return [
      () => work(first, run.reads, () => reader(read, [key()])),
      () => work(first + every / CLIENTS / 2, run.writes, () => writer(write, [`user${key()}@example.com`, key()])),
    ]
  }),
)
process.stdin.resume().once('end', () => {
  stopAt = now()
})
process.stdout.write('ready\n')
await Promise.all(clients.flat().map((client) => client()))
if (failed !== undefined) throw failed
process.stdout.write(JSON.stringify(run), () => process.exit(0))

/**
 * One round every so many ms. A round that could not begin on time because the one before it was waiting counts from when
 * it should have begun: who measures only what was sent measures the waits of one client instead of everybody's.
 */
async function work(first: number, samples: Sample[], ask: () => Promise<unknown>): Promise<void> {
  let late = false
  for (let due = first; due < stopAt && failed === undefined; due += every) {
    const early = due - now()
    if (early > 0) await sleep(early)
    if (due >= stopAt) return
    const sent = now()
    await ask().catch((error: unknown) => {
      failed ??= error instanceof Error ? error : new Error(String(error))
    })
    const end = now()
    samples.push({ at: late ? due : sent, ms: end - (late ? due : sent), wait: end - sent })
    late = end > due + every
  }
}
