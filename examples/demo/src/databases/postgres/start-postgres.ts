import { randomBytes } from 'node:crypto'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from '../free-port.js'
import { runProgram } from '../run-program.js'
import { own, type ServerAccount, serverAccount } from '../server-account.js'
import type { ServerStart } from '../server-start.js'
import { findBinaries } from './find-binaries.js'

const ATTEMPTS = 5

/** From the npm package, so that it is always there. */
export const startPostgres: ServerStart = async (dir, database, cleanup) => {
  const account = serverAccount('postgres')
  const data = join(dir, 'data')
  const log = join(dir, 'server.log')
  own(dir, account)
  const bin = binariesFor(dir, account)
  const run = (program: string, args: readonly string[]): Promise<void> =>
    runProgram(join(bin, program), args, dir, account)
  const password = randomBytes(12).toString('hex')
  const passwordFile = join(dir, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  own(passwordFile, account)
  const identity = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  await run('initdb', ['-D', data, ...identity, '--encoding=UTF8', '--locale=C', '--no-sync'])

  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      writeFileSync(join(data, 'postgresql.auto.conf'), settings(port))
      await run('pg_ctl', ['start', '-D', data, '-l', log, '-w', '-t', '60'])
      // Nothing is kept, so nothing has to be written (PostgreSQL docs: Shutting Down the Server).
      cleanup.add(() => run('pg_ctl', ['stop', '-D', data, '-m', 'immediate', '-w', '-t', '30']))
      const url = (name: string): string => `postgres://postgres:${password}@127.0.0.1:${port}/${name}`
      await createDatabase(url('postgres'), database)
      return url(database)
    } catch (error) {
      // Somebody else took the port between our look and the server's bind.
      if (attempt === ATTEMPTS || !textOf(log).includes('could not bind')) throw error
    }
  }
}

async function createDatabase(url: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
}

/** The folder of the programs, copied where the account that they run as cannot read the checkout (one in /root). */
function binariesFor(target: string, account: ServerAccount): string {
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

function textOf(log: string): string {
  try {
    return readFileSync(log, 'utf8')
  } catch {
    return '' // The server did not get as far as its log: some other failure.
  }
}
