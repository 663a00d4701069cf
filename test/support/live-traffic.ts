import { setTimeout as sleep } from 'node:timers/promises'
import type { AnyConnection, AnyDatabase } from './any-database.js'

/** What one client does over and over. Throwing counts as an error of the traffic. */
export type TrafficWork = (client: AnyConnection, round: number) => Promise<unknown>

export interface TrafficOptions {
  readonly db: AnyDatabase
  readonly read: TrafficWork
  readonly write: TrafficWork
  /** Connections that read; default 2. */
  readonly readers?: number
  /** Connections that write; default 2. */
  readonly writers?: number
  /** ms each client rests between two rounds; default 2. */
  readonly pause?: number
}

/** Times in ms, of every round including those that failed. */
export interface TrafficFigures {
  readonly count: number
  readonly errors: readonly Error[]
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface TrafficReport {
  readonly reads: TrafficFigures
  readonly writes: TrafficFigures
}

export interface LiveTraffic {
  /** What happened since the start or the last `reset`; rounds that are still waiting count with their age. */
  report(): TrafficReport
  /** Forgets what was measured, so that the next report tells of one phase alone. */
  reset(): void
  /** Lets every client finish its round, closes them, and gives the last report. */
  stop(): Promise<TrafficReport>
}

/**
 * Readers and writers that work on the database while a test changes it. Resolves when every client has done a round.
 *
 * @example
 * const traffic = await startTraffic({
 *   db,
 *   read: (client, round) => client.query('SELECT * FROM users WHERE id = $1', [round % 1000]),
 *   write: (client, round) => client.query('UPDATE users SET seen = now() WHERE id = $1', [round % 1000]),
 * })
 * await runCli(project, ['expand'])
 * const { reads, writes } = await traffic.stop()
 * expect(reads.errors).toEqual([])
 * expect(Math.max(reads.max, writes.max)).toBeLessThan(lockTimeout + slack)
 */
export async function startTraffic(options: TrafficOptions): Promise<LiveTraffic> {
  const { db, pause = 2 } = options
  const reads = new Figures()
  const writes = new Figures()
  let stopping = false

  const clients = await Promise.all([
    ...Array.from({ length: options.readers ?? 2 }, () => startClient(options.read, reads)),
    ...Array.from({ length: options.writers ?? 2 }, () => startClient(options.write, writes)),
  ])
  reset()
  const rounds = clients.map((client) => client.go())

  return {
    report,
    reset,
    async stop() {
      stopping = true
      await Promise.all(rounds)
      return report()
    },
  }

  function report(): TrafficReport {
    return { reads: reads.report(), writes: writes.report() }
  }

  function reset(): void {
    reads.reset()
    writes.reset()
  }

  async function startClient(work: TrafficWork, figures: Figures): Promise<{ readonly go: () => Promise<void> }> {
    const client = await db.open()
    await figures.measure(() => work(client, 0))
    return { go }

    async function go(): Promise<void> {
      for (let round = 1; !stopping; round++) {
        await figures.measure(() => work(client, round))
        await sleep(pause)
      }
      await client.close()
    }
  }
}

class Figures {
  private times: number[] = []
  private errors: Error[] = []
  private readonly open = new Set<number>()

  async measure(work: () => Promise<unknown>): Promise<void> {
    let started = performance.now()
    while (this.open.has(started)) started += 1e-6
    this.open.add(started)
    try {
      await work()
    } catch (error) {
      this.errors.push(error instanceof Error ? error : new Error(String(error)))
    } finally {
      this.open.delete(started)
      this.times.push(performance.now() - started)
    }
  }

  report(): TrafficFigures {
    const now = performance.now()
    const sorted = [...this.times, ...[...this.open].map((started) => now - started)].sort((a, b) => a - b)
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    return { count: this.times.length, errors: [...this.errors], p50: at(0.5), p99: at(0.99), max: at(1) }
  }

  reset(): void {
    this.times = []
    this.errors = []
  }
}
