// Runs one PostgreSQL until the parent process disconnects or dies; then stops it and deletes its directory.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { findBinaries } from './find-binaries.js'
import { runProgram } from './run-program.js'
import { serverAccount } from './server-account.js'
import type { PostgresMessage } from './start-postgres.js'

const ATTEMPTS = 5

const account = serverAccount()
const dir = realpathSync(mkdtempSync(join(tmpdir(), 'phasegate-demo-')))
const data = join(dir, 'data')
const log = join(dir, 'server.log')
let pgCtl: string | undefined

const stopped = once(process, 'disconnect')
// Ctrl-C and the like reach the parent too, and it disconnects when it has stopped what uses the database.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

try {
  tell(await start(process.argv[2] ?? 'demo'))
  await stopped
} catch (error) {
  tell({ error: `PostgreSQL did not start: ${error instanceof Error ? error.message : String(error)}` })
  process.exitCode = 1
} finally {
  await stop()
  if (process.connected) process.disconnect()
}

function tell(message: PostgresMessage): void {
  // The parent may be gone by now; then there is nobody to tell.
  if (process.connected) process.send?.(message)
}

async function start(database: string): Promise<PostgresMessage> {
  own(dir)
  const bin = binariesFor(dir)
  const password = randomBytes(12).toString('hex')
  const passwordFile = join(dir, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  own(passwordFile)
  const identity = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  await runProgram(
    join(bin, 'initdb'),
    ['-D', data, ...identity, '--encoding=UTF8', '--locale=C', '--no-sync'],
    dir,
    account,
  )

  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      writeFileSync(join(data, 'postgresql.auto.conf'), settings(port))
      await runProgram(join(bin, 'pg_ctl'), ['start', '-D', data, '-l', log, '-w', '-t', '60'], dir, account)
      pgCtl = join(bin, 'pg_ctl')
      const url = (name: string): string => `postgres://postgres:${password}@127.0.0.1:${port}/${name}`
      return { url: url(database), version: await createDatabase(url('postgres'), database) }
    } catch (error) {
      // Somebody else took the port between our look and the server's bind.
      if (attempt === ATTEMPTS || !serverLog().includes('could not bind')) throw error
    }
  }
}

async function stop(): Promise<void> {
  // Nothing is kept, so nothing has to be written (PostgreSQL docs: Shutting Down the Server).
  if (pgCtl !== undefined)
    await runProgram(pgCtl, ['stop', '-D', data, '-m', 'immediate', '-w', '-t', '30'], dir, account)
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}

async function createDatabase(url: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
    return rows[0]!.server_version.split(' ')[0]!
  } finally {
    await client.end()
  }
}

/** The folder of the programs, copied where the account that they run as cannot read the checkout (one in /root). */
function binariesFor(target: string): string {
  const { native, readable } = findBinaries(account)
  if (readable) return join(native, 'bin')
  cpSync(native, join(target, 'native'), { recursive: true, verbatimSymlinks: true })
  return join(target, 'native', 'bin')
}

/** Everything else is as the server's authors set it, fsync included. */
function settings(port: number): string {
  return [
    `port = ${port}`,
    `listen_addresses = '127.0.0.1'`,
    `unix_socket_directories = ''`,
    `shared_buffers = '256MB'`,
    `max_wal_size = '4GB'`,
    `timezone = 'UTC'`,
    '',
  ].join('\n')
}

function own(path: string): void {
  if (account.uid !== undefined && account.gid !== undefined) chownSync(path, account.uid, account.gid)
}

function serverLog(): string {
  try {
    return readFileSync(log, 'utf8')
  } catch {
    return '' // The server did not get as far as its log: some other failure.
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
