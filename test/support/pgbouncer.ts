import { spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, openSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from './free-port.js'
import { keepServer } from './keep-server.mjs'
import { isAlive, killTree } from './process-tree.mjs'
import { serverAccount } from './server-account.js'

const START_TIMEOUT_MS = 15_000

export const HOW_TO_GET_PGBOUNCER = 'apt-get install pgbouncer (npm test -- --install does it)'

export type PoolMode = 'transaction' | 'session'

export interface RunningPgBouncer {
  /** The same database and account, through the pooler. */
  readonly url: string
  stop(): Promise<void>
}

/** The binary on PATH or where Debian puts it; undefined where there is none. */
export function findPgBouncer(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, 'pgbouncer')).find((file) => existsSync(file))
}

/**
 * Starts a PgBouncer in front of the database that `url` names, with a pool of at most `poolSize` server connections.
 * It ends with this process at the latest.
 */
export async function startPgBouncer(url: string, mode: PoolMode, poolSize = 5): Promise<RunningPgBouncer> {
  const binary = findPgBouncer()
  if (binary === undefined) throw new Error(`no pgbouncer on this machine: ${HOW_TO_GET_PGBOUNCER}`)
  const account = serverAccount()
  const target = new URL(url)
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'phasegate-pgbouncer-')))
  const pidFile = join(dir, 'pgbouncer.pid')
  const logFile = join(dir, 'pgbouncer.log')
  // SIGTERM is its immediate shutdown (pgbouncer(1), Signals).
  keepServer({ pidFile, dir, signal: 'SIGTERM' })

  const user = decodeURIComponent(target.username)
  const port = await freePort()
  const files = {
    'users.txt': `"${user}" "${decodeURIComponent(target.password)}"\n`,
    'pgbouncer.ini': [
      '[databases]',
      `* = host=${target.hostname} port=${target.port || 5432}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = scram-sha-256',
      `auth_file = ${join(dir, 'users.txt')}`,
      `pool_mode = ${mode}`,
      `default_pool_size = ${poolSize}`,
      'max_client_conn = 200',
      'ignore_startup_parameters = extra_float_digits',
      `pidfile = ${pidFile}`,
      '',
    ].join('\n'),
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  if (account.uid !== undefined && account.gid !== undefined) {
    for (const path of [dir, ...Object.keys(files).map((name) => join(dir, name))]) {
      chownSync(path, account.uid, account.gid)
    }
  }

  const output = openSync(logFile, 'a')
  const bouncer = spawn(binary, [join(dir, 'pgbouncer.ini')], {
    ...account,
    cwd: dir,
    detached: true,
    stdio: ['ignore', output, output],
  })
  let failed: Error | undefined
  bouncer.once('error', (error) => {
    failed = error
  })
  bouncer.unref()

  const through = new URL(url)
  through.hostname = '127.0.0.1'
  through.port = String(port)
  for (const deadline = Date.now() + START_TIMEOUT_MS; !(await answers(through.href)); await sleep(25)) {
    if (bouncer.exitCode !== null || failed !== undefined || Date.now() > deadline) {
      throw new Error(`PgBouncer did not start: ${failed?.message ?? ''}\n${readFileSync(logFile, 'utf8')}`)
    }
  }

  return {
    url: through.href,
    async stop() {
      if (bouncer.pid !== undefined && isAlive(bouncer.pid, dir)) await killTree(bouncer.pid)
    },
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    // Not listening yet: the caller asks again until its own deadline.
    return false
  } finally {
    await client.end()
  }
}
