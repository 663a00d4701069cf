import { execFile, spawn } from 'node:child_process'
import { chownSync, cpSync, mkdtempSync, openSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort } from './free-port.js'
import { keepServer } from './keep-server.mjs'
import type { PostgresBinaries } from './postgres-binaries.js'
import { isAlive, killTree } from './process-tree.mjs'
import { serverAccount } from './server-account.js'

const run = promisify(execFile)
const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 20_000

/** Tests that need a wrong password take any other. */
export const PASSWORD = 'phasegate-test'

export interface PostgresOptions {
  /**
   * True: as careful as a server in production, for suites that kill it. Default false: fsync, synchronous_commit and
   * full_page_writes off.
   */
  readonly fsync?: boolean
  /** Settings on top of ours, as in postgresql.conf: `{ max_connections: '10' }`. */
  readonly settings?: Readonly<Record<string, string>>
  /** Where its data is to be, log included: a folder that is there, such as a small disk. Default: one of its own. */
  readonly folder?: string
  /** A streaming standby of this server, which follows it under `name` (its `application_name`). Takes pg_basebackup. */
  readonly follows?: { readonly primary: Pick<RunningPostgres, 'port'>; readonly name: string }
}

/** A server that this process started, with a data directory, a port and a life of its own. */
export interface RunningPostgres {
  readonly family: 'postgres'
  readonly port: number
  readonly version: string
  url(database?: string): string
  /** SIGKILL to the postmaster and to every one of its children; resolves when all are gone. */
  kill(): Promise<void>
  /** Starts it again on the same port and data; after `kill`, with crash recovery. Stops it first if it runs. */
  restart(): Promise<void>
  /** Fast shutdown: sessions are ended, data is kept; `restart` brings it back. */
  stop(): Promise<void>
  /** Restarts it as a read-only hot standby (without a primary). There is no way back. */
  becomeStandby(): Promise<void>
  /** What the server logged. */
  log(): string
}

/** Creates a cluster under the system's temporary folder and starts it on a private port. Takes about 2 s. */
export async function startPostgres(
  binaries: PostgresBinaries,
  options: PostgresOptions = {},
): Promise<RunningPostgres> {
  const account = serverAccount()
  const dir = realpathSync(mkdtempSync(join(tmpdir(), `phasegate-postgres-${binaries.version}-`)))
  const data = options.folder === undefined ? join(dir, 'data') : mkdtempSync(join(options.folder, `${basename(dir)}-`))
  const logFile = join(dir, 'server.log')
  const pidFile = join(data, 'postmaster.pid')
  // PostgreSQL docs: Shutting Down the Server. SIGINT is the fast shutdown.
  keepServer({ pidFile, dir, signal: 'SIGINT' })

  const bin = binaries.copy === undefined ? binaries.bin : join(dir, 'native', 'bin')
  if (binaries.copy !== undefined)
    cpSync(binaries.copy, join(dir, 'native'), { recursive: true, verbatimSymlinks: true })
  const passwordFile = join(dir, 'password')
  writeFileSync(passwordFile, PASSWORD)
  for (const path of options.folder === undefined ? [dir, passwordFile] : [dir, passwordFile, data]) own(path)

  const environment = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }
  const [tool, given] = options.follows === undefined ? initdb() : baseBackup(options.follows)
  await run(join(bin, tool), [...given, '--no-sync'], { ...account, cwd: dir, env: environment })

  let port = await freePort()
  let pid: number | undefined
  // Until its parent has taken note, a killed postmaster is a zombie, whose pid the next one still finds in use.
  let reaped: Promise<void> = Promise.resolve()
  let version = ''

  for (let attempt = 1; ; attempt++) {
    try {
      await start()
      break
    } catch (error) {
      // Somebody else took the port between our look and the server's bind.
      if (attempt === 5 || !log().includes('could not bind')) throw error
      port = await freePort()
    }
  }

  return {
    family: 'postgres',
    get port() {
      return port
    },
    get version() {
      return version
    },
    url,
    kill,
    restart,
    stop,
    becomeStandby,
    log,
  }

  function initdb(): [tool: string, given: readonly string[]] {
    const given = ['--pgdata', data, '--username=postgres', '--pwfile', passwordFile, '--auth=scram-sha-256']
    return ['initdb', [...given, '--encoding=UTF8', '--locale=C']]
  }

  function baseBackup({ primary, name }: NonNullable<PostgresOptions['follows']>): [string, readonly string[]] {
    const connection = `host=127.0.0.1 port=${primary.port} user=postgres password=${PASSWORD} application_name=${name}`
    // --write-recovery-conf has it follow by this very connection.
    return ['pg_basebackup', ['--pgdata', data, '--dbname', connection, '--write-recovery-conf', '--checkpoint=fast']]
  }

  function url(database = 'postgres'): string {
    return `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/${encodeURIComponent(database)}`
  }

  function log(): string {
    return readFileSync(logFile, 'utf8')
  }

  function own(path: string): void {
    if (account.uid !== undefined && account.gid !== undefined) chownSync(path, account.uid, account.gid)
  }

  async function start(): Promise<void> {
    const settings = Object.entries({ ...settingsFor(options.fsync === true), port: String(port), ...options.settings })
    const output = openSync(logFile, 'a')
    const postmaster = spawn(
      join(bin, 'postgres'),
      ['-D', data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { ...account, cwd: dir, env: environment, detached: true, stdio: ['ignore', output, output] },
    )
    let failed: Error | undefined
    postmaster.once('error', (error) => {
      failed = error
    })
    postmaster.unref()
    pid = postmaster.pid
    reaped = new Promise((resolve) => postmaster.once('exit', () => resolve()))
    for (const deadline = Date.now() + START_TIMEOUT_MS; ; await sleep(25)) {
      if (postmaster.exitCode !== null || postmaster.signalCode !== null || failed !== undefined) {
        throw new Error(`PostgreSQL ${binaries.version} did not start: ${failed?.message ?? ''}\n${tail(log())}`)
      }
      const answer = await askVersion(url())
      if (answer !== undefined) {
        version = answer
        return
      }
      if (Date.now() > deadline) throw new Error(`PostgreSQL ${binaries.version} is not ready\n${tail(log())}`)
    }
  }

  async function kill(): Promise<void> {
    if (pid !== undefined) await killTree(pid)
    await reaped
    pid = undefined
  }

  async function stop(): Promise<void> {
    // One that could not recover from a crash has ended by itself.
    if (pid === undefined || !isAlive(pid)) return
    process.kill(pid, 'SIGINT')
    for (let waited = 0; isAlive(pid); waited += 25) {
      if (waited > STOP_TIMEOUT_MS) throw new Error(`PostgreSQL ${binaries.version} does not stop\n${tail(log())}`)
      await sleep(25)
    }
    pid = undefined
  }

  async function restart(): Promise<void> {
    await stop()
    await start()
  }

  async function becomeStandby(): Promise<void> {
    await stop()
    // PostgreSQL docs: Standby Server Operation. Without primary_conninfo it replays what it has and stays read-only.
    const marker = join(data, 'standby.signal')
    writeFileSync(marker, '')
    own(marker)
    await start()
  }
}

function settingsFor(careful: boolean): Record<string, string> {
  const durable = careful ? 'on' : 'off'
  return {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '128MB',
    max_wal_size: '2GB',
    fsync: durable,
    synchronous_commit: durable,
    full_page_writes: durable,
    log_line_prefix: '%m [%p] %q%a ',
    log_lock_waits: 'on',
    timezone: 'UTC',
  }
}

/** `18.4`, or undefined while the server does not let anybody in. */
async function askVersion(url: string): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  try {
    await client.connect()
    const result = await client.query<{ version: string }>(`SELECT current_setting('server_version') AS version`)
    return result.rows[0]?.version.split(' ')[0]
  } catch {
    // Not listening yet, or still in recovery: the caller asks again until its own deadline.
    return undefined
  } finally {
    await client.end()
  }
}

function tail(text: string): string {
  return text.trimEnd().split('\n').slice(-20).join('\n')
}
