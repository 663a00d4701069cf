import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MYSQL_TOOLS, type MysqlTool, whyNoTool } from '../support/engine-tools.js'
import type { Bench } from './bench.js'
import type { BenchDatabase } from './bench-database.js'
import { figure, median } from './pairs.js'
import { judgedRow, shownRow } from './row.js'

const BIN = fileURLToPath(new URL('../../packages/phasegate/dist/bin.js', import.meta.url))
/** Of the tool's own time; seconds that starting, holding and asking may cost are taken off before. */
const BOUNDS = { better: 'less', aim: 1.05, miss: 1.05 } as const
const STARTING_SECONDS = 2
const SAMPLE_EVERY = 500
const ALTER = 'ADD COLUMN phone VARCHAR(20)'

/** A tool that Phasegate supervises against the same tool with the same pace, called by hand, on a table of `large` rows. */
export const benchEngine =
  (tool: MysqlTool): Bench =>
  async ({ database, sizes: { large, pairs }, say }) => {
    const missing = whyNoTool(tool)
    if (missing !== undefined) return [shownRow(`supervised ${tool} / bare`, `not measured: ${missing}`)]
    const ratios: number[] = []
    const bareSeconds: number[] = []
    const growths: number[] = []
    for (let pair = 0; pair < pairs; pair++) {
      const runs = [() => supervised(tool, database, large), () => bare(tool, database, large)] as const
      const order = pair % 2 === 0 ? [0, 1] : [1, 0]
      const seconds: number[] = []
      for (const which of order) {
        const run = await runs[which as 0 | 1]()
        seconds[which] = run.seconds
        if (which === 0) growths.push(run.growth)
      }
      const [ours, other] = seconds as [number, number]
      bareSeconds.push(other)
      ratios.push((ours - STARTING_SECONDS) / other)
      say(`pair ${pair + 1} of ${pairs}: ${ours.toFixed(1)} s supervised, ${other.toFixed(1)} s bare`)
    }
    const ratio = median(ratios)
    const range = `${figure(Math.min(...ratios))} to ${figure(Math.max(...ratios))}, ${pairs} pairs of ${median(bareSeconds).toFixed(0)} s`
    return [
      judgedRow(`supervised ${tool} less 2 s / bare, wall time`, ratio, `${figure(ratio)} (${range})`, BOUNDS),
      judgedRow(
        `supervisor's memory at the end / after a tenth of the run (${tool})`,
        median(growths),
        figure(median(growths)),
        { better: 'less', aim: 1.1, miss: 1.25 },
      ),
    ]
  }

interface Run {
  readonly seconds: number
  /** Memory of the process at the end over that after a tenth of the run; 1 where it is not measured. */
  readonly growth: number
}

async function supervised(tool: MysqlTool, database: BenchDatabase, rows: number): Promise<Run> {
  await database.fresh(rows)
  const folder = mkdtempSync(join(tmpdir(), 'phasegate-bench-'))
  mkdirSync(join(folder, 'phasegate'))
  const file = join(folder, 'phasegate', '20261122093000_phone.sql')
  writeFileSync(file, `-- engine: ${tool}\n-- app-uses: old\n-- phase: expand\nALTER TABLE users ${ALTER};\n`)
  const started = performance.now()
  const child = spawn(process.execPath, [BIN, 'expand', '--long', '--quiet', '--database', database.url], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const sizes: number[] = []
  const sampling = setInterval(() => sizes.push(residentKilobytes(child)), SAMPLE_EVERY)
  await endOf(child)
  clearInterval(sampling)
  rmSync(folder, { recursive: true, force: true })
  const known = sizes.filter((size) => size > 0)
  const early = known[Math.floor(known.length / 10)] ?? 1
  return { seconds: (performance.now() - started) / 1000, growth: (known.at(-1) ?? early) / early }
}

async function bare(tool: MysqlTool, database: BenchDatabase, rows: number): Promise<Run> {
  await database.fresh(rows)
  const { username, password, hostname, port, pathname } = new URL(database.url)
  const folder = mkdtempSync(join(tmpdir(), 'phasegate-bench-'))
  const credentials = join(folder, 'client.cnf')
  const text = `[client]\nuser=${decodeURIComponent(username)}\npassword=${decodeURIComponent(password)}\n`
  const address = `host=${hostname}\nport=${port}\n`
  writeFileSync(credentials, tool === 'pt-osc' ? text + address : text, { mode: 0o600 })
  const name = pathname.slice(1)
  const given =
    tool === 'pt-osc'
      ? [
          '--execute',
          `--alter=${ALTER}`,
          '--no-version-check',
          '--recursion-method=none',
          '--max-load=Threads_running=1000',
          '--critical-load=Threads_running=1000',
          `D=${name},t=users,F=${credentials}`,
        ]
      : [
          '--execute',
          '--allow-on-master',
          `--conf=${credentials}`,
          `--host=${hostname}`,
          `--port=${port}`,
          '--skip-port-validation',
          `--database=${name}`,
          '--table=users',
          `--alter=${ALTER}`,
          '--panic-on-warnings',
          `--serve-socket-file=${join(folder, 'socket')}`,
        ]
  const started = performance.now()
  await endOf(spawn(MYSQL_TOOLS[tool].program, given, { stdio: ['ignore', 'ignore', 'ignore'] }))
  rmSync(folder, { recursive: true, force: true })
  return { seconds: (performance.now() - started) / 1000, growth: 1 }
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`it ended with exit code ${code}`))))
  })
}

/** 0 where it cannot be read. */
function residentKilobytes({ pid }: ChildProcess): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
