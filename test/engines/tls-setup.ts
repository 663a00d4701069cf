import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect } from 'vitest'
import { type Certificates, createCertificates, type ServerCertificate } from '../support/certificates.js'
import { connectMysql } from '../support/mysql-connection.js'
import type { MysqlFamily } from '../support/mysql-sources.mjs'
import type { Project } from '../support/project.js'
import type { RunningCli } from '../support/run-cli.js'
import { serverAccount } from '../support/server-account.js'
import { type AnyDatabase, type RunningMysql, type RunningPostgres, startPrivateServer } from '../support/servers.js'
import { readOrNothing } from './lane-setup.js'

/** Of accounts that come in over TLS; it may be seen nowhere. */
export const SECRET = 'n0body-reads-this'

/** A server with TLS for a suite, which stops it. Its administrator comes in without. */
export interface TlsServer<S> {
  readonly server: S
  readonly certificates: Certificates
  /** What it shows from now on. */
  use(which: ServerCertificate): Promise<void>
  stop(): Promise<void>
}

export async function startTlsMysql(family: MysqlFamily): Promise<TlsServer<RunningMysql>> {
  const certificates = createCertificates()
  const { ca, cert, key } = certificates.server
  const settings = { 'ssl-ca': ca, 'ssl-cert': cert, 'ssl-key': key }
  const server = await startPrivateServer({ family, folder: certificates.folder, settings })
  const reload = async (): Promise<void> => {
    const connection = await connectMysql(server.url())
    await connection.query(family === 'mysql' ? 'ALTER INSTANCE RELOAD TLS' : 'FLUSH SSL')
    await connection.end()
  }
  return tlsServer(server, certificates, reload)
}

/** Over TLS come in: one role by its password, and one by a client's certificate that names it. */
export async function startTlsPostgres(byPassword: string, byCertificate: string): Promise<TlsServer<RunningPostgres>> {
  const certificates = createCertificates(serverAccount(), byCertificate)
  const { ca, cert, key } = certificates.server
  const rules = certificates.write('pg_hba.conf', [
    `hostssl all ${byPassword} all scram-sha-256`,
    `hostssl all ${byCertificate} all cert`,
    `host all ${byPassword},${byCertificate} all reject`,
    'host all all all scram-sha-256',
  ])
  const server = await startPrivateServer({
    version: 15,
    settings: { ssl: 'on', ssl_ca_file: ca, ssl_cert_file: cert, ssl_key_file: key, hba_file: rules },
  })
  const loadedAt = async (): Promise<string> => {
    const client = new pg.Client({ connectionString: server.url() })
    await client.connect()
    const { rows } = await client.query<{ at: string }>(`SELECT pg_conf_load_time()::text AS at`)
    await client.end()
    return rows[0]!.at
  }
  const reload = async (): Promise<void> => {
    const before = await loadedAt()
    const client = new pg.Client({ connectionString: server.url() })
    await client.connect()
    await client.query('SELECT pg_reload_conf()')
    await client.end()
    await expect.poll(loadedAt).not.toBe(before)
  }
  return tlsServer(server, certificates, reload)
}

function tlsServer<S extends { stop(): Promise<void> }>(
  server: S,
  certificates: Certificates,
  reload: () => Promise<void>,
): TlsServer<S> {
  return {
    ...{ server, certificates },
    async use(which) {
      if (certificates.use(which)) await reload()
    },
    async stop() {
      await server.stop()
      certificates.delete()
    },
  }
}

/** The URL of a database for another account, with these parameters. */
export function urlFor(db: AnyDatabase, account: string, given: Readonly<Record<string, string>>): string {
  const url = new URL(db.url)
  url.username = account
  url.password = SECRET
  url.hostname = 'localhost'
  for (const [name, value] of Object.entries(given)) url.searchParams.set(name, value)
  return url.href
}

/** A tool that waits before it begins until it may: what the server shows can change between our connection and its. */
export function waitingTool(project: Project, tool: string): { readonly path: string; begin(): void } {
  const begins = join(project.dir, 'begins')
  const path = project.write(
    'tool.sh',
    `#!/bin/sh\ncase "$1" in --version|--check-flag) ;; *) until [ -e '${begins}' ]; do sleep 0.05; done ;; esac\nexec '${tool}' "$@"\n`,
  )
  chmodSync(path, 0o755)
  return { path, begin: () => void project.write('begins', '') }
}

/** Follows a run whose tool waits: neither the password nor the private key is in an argument, a variable, a log or in what we say. */
export async function assertSecretsKept(
  cli: RunningCli,
  begin: () => void,
  secrets: readonly string[],
): Promise<string> {
  const STARTED = /"type":"engine\.started".*?"pid":(\d+)|process (\d+)/
  await cli.waitFor(STARTED)
  const [, json, words] = STARTED.exec(cli.stderr() + cli.stdout())!
  const shown = (file: string): string => readFileSync(`/proc/${json ?? words}/${file}`, 'utf8')
  // Both are empty for a moment, while the shell becomes the tool.
  await expect.poll(() => [shown('cmdline'), shown('environ')]).not.toContain('')
  const seen = [shown('cmdline'), shown('environ')]
  const directory = /PHASEGATE_RUN=([^\0]+)/.exec(seen[1]!)![1]!
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  for (const file of readdirSync(directory).map((name) => join(directory, name)))
    expect([file, statSync(file).mode & 0o777]).toEqual([file, 0o600])
  begin()
  const logs = new Map<string, string>()
  for (; existsSync(directory) && cli.process.exitCode === null; await sleep(50))
    for (const name of ['stdout', 'stderr'])
      logs.set(name, readOrNothing(join(directory, name)) || (logs.get(name) ?? ''))
  const { code, stdout, stderr } = await cli.ended
  expect(code, stderr + stdout).toBe(0)
  expect(existsSync(directory)).toBe(false)
  expect([...logs.values()].join('')).not.toBe('')
  for (const text of [...seen, ...logs.values(), stdout, stderr])
    for (const secret of secrets) expect(text).not.toContain(secret)
  return directory
}

/** A line of a private key that is in no other. */
export function keyLine(file: string): string {
  return readFileSync(file, 'utf8').split('\n')[5]!
}
