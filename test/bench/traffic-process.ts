import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { BenchDatabase, TrafficStatements } from './bench-database.js'

const TRAFFIC = fileURLToPath(new URL('./run-traffic.ts', import.meta.url))
/** Reads a second, and as many writes: what a small shop has, and far from what either server can do. */
const PER_SECOND = 250

export interface TrafficOrder extends TrafficStatements {
  readonly url: string
  /** Keys are 1 to this. */
  readonly rows: number
  /** Rounds of either kind a second, all clients together. */
  readonly perSecond: number
}

export interface Sample {
  /** When it should have begun, in ms since 1970. */
  readonly at: number
  /** From then to its answer, in ms. */
  readonly ms: number
  /** From when it was sent to its answer, in ms: for a write, the wait for its row. */
  readonly wait: number
}

export interface TrafficRun {
  readonly reads: readonly Sample[]
  readonly writes: readonly Sample[]
}

export interface TrafficProcess {
  /** Lets every client do the rounds that are due; rejects where a query failed. */
  stop(): Promise<TrafficRun>
  /** Ends it at once, for nobody wants to know what it felt. */
  kill(): void
}

/** Of times in ms; `share` 1 is the longest. */
export function percentile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Starts the traffic; resolves when its clients are connected. */
export async function startTraffic({ url, traffic }: BenchDatabase, rows: number): Promise<TrafficProcess> {
  const order: TrafficOrder = { ...traffic, url, rows, perSecond: PER_SECOND }
  const child = spawn(process.execPath, ['--import', 'jiti/register', TRAFFIC, JSON.stringify(order)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  let output = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output += chunk
      if (output.includes('\n')) resolve()
    })
    child.once('error', reject)
    child.once('close', (code) => reject(new Error(`the traffic ended with ${code}`)))
  })
  return {
    stop: async () => {
      child.stdin.end()
      const [code] = await closed
      if (code !== 0) throw new Error(`the traffic ended with ${code}`)
      return JSON.parse(output.slice(output.indexOf('\n'))) as TrafficRun
    },
    kill: () => child.kill('SIGKILL'),
  }
}
