import { spawn } from 'node:child_process'
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.js'
import { keepServer } from './keep-server.mjs'
import { isAlive, killTree } from './process-tree.mjs'
import { serverAccount } from './server-account.js'

const START_TIMEOUT_MS = 30_000

export const HOW_TO_GET_PROMETHEUS = 'apt-get install prometheus (npm test -- --install does it)'

export interface RunningPrometheus {
  readonly url: string
  stop(): Promise<void>
}

/** The binary on PATH; undefined where there is none. */
export function findPrometheus(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin']
  return folders.map((folder) => join(folder, 'prometheus')).find((file) => existsSync(file))
}

/**
 * Starts a Prometheus that reads `metrics`, a host and port, at `path`, every 100 ms. It ends with this process at the
 * latest.
 */
export async function startPrometheus(metrics: string, path = '/metrics'): Promise<RunningPrometheus> {
  const binary = findPrometheus()
  if (binary === undefined) throw new Error(`no prometheus on this machine: ${HOW_TO_GET_PROMETHEUS}`)
  const account = serverAccount()
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'phasegate-prometheus-')))
  const [pidFile, logFile, config, data] = ['pid', 'log', 'prometheus.yml', 'data'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
    string,
  ]
  keepServer({ pidFile, dir, signal: 'SIGTERM' })
  const scrape = { job_name: 'test', scrape_interval: '100ms', scrape_timeout: '100ms' }
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({ scrape_configs: [{ ...scrape, metrics_path: path, static_configs: [{ targets: [metrics] }] }] }),
  )
  mkdirSync(data)
  if (account.uid !== undefined && account.gid !== undefined)
    for (const path of [dir, config, data]) chownSync(path, account.uid, account.gid)

  const port = await freePort()
  const output = openSync(logFile, 'a')
  const server = spawn(
    binary,
    [`--config.file=${config}`, `--storage.tsdb.path=${data}`, `--web.listen-address=127.0.0.1:${port}`],
    { ...account, cwd: dir, detached: true, stdio: ['ignore', output, output] },
  )
  let failed: Error | undefined
  server.once('error', (error) => {
    failed = error
  })
  server.unref()
  if (server.pid !== undefined) writeFileSync(pidFile, String(server.pid))

  const url = `http://127.0.0.1:${port}`
  for (const deadline = Date.now() + START_TIMEOUT_MS; !(await isReady(url)); await sleep(25)) {
    if (server.exitCode !== null || failed !== undefined || Date.now() > deadline)
      throw new Error(`Prometheus did not start: ${failed?.message ?? ''}\n${readFileSync(logFile, 'utf8')}`)
  }
  return {
    url,
    async stop() {
      if (server.pid !== undefined && isAlive(server.pid, dir)) await killTree(server.pid)
    },
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/-/ready`)).ok
  } catch {
    // Not listening yet: the caller asks again until its own deadline.
    return false
  }
}
