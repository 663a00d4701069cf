import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, openSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from './free-port.js'
import { keepServer } from './keep-server.mjs'
import type { MysqlBody } from './mysql-body.js'
import { INIT_FILE } from './mysql-settings.js'
import type { MysqlBinary } from './mysql-sources.mjs'
import { isAlive, killTree } from './process-tree.mjs'
import { serverAccount } from './server-account.js'

const run = promisify(execFile)
const STOP_TIMEOUT_MS = 30_000

/**
 * A server process with a data directory and a socket of its own below the system's temporary folder.
 *
 * @param folder where the data directory is made instead
 */
export async function mysqlProcess(
  binary: MysqlBinary,
  settings: readonly string[],
  folder?: string,
): Promise<MysqlBody> {
  const account = serverAccount()
  const dir = realpathSync(mkdtempSync(join(tmpdir(), `phasegate-${binary.family}-`)))
  const [pidFile, logFile, init] = ['pid', 'server.log', 'init.sql'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ]
  const data = join(folder ?? dir, 'data')
  // One of its own: a server that starts deletes every '#sql…' of its tmpdir, and with it the open temporary tables of all
  // others that use the same (MariaDB, mysql_rm_tmp_tables). Else tests fail at random when servers of other runs start.
  const temporary = join(dir, 'tmp')
  const environment = { ...process.env, TMPDIR: temporary }
  // MySQL Reference Manual, Unix Signal Handling: SIGTERM shuts down.
  keepServer({ pidFile, dir, signal: 'SIGTERM' })
  writeFileSync(init, INIT_FILE)
  for (const path of [data, temporary]) mkdirSync(path)
  for (const path of [dir, data, temporary, init]) own(path)
  await (binary.install === undefined
    ? run(binary.server, ['--no-defaults', '--initialize-insecure', `--datadir=${data}`], {
        ...account,
        cwd: dir,
        env: environment,
      })
    : run(
        binary.install,
        [
          '--no-defaults',
          `--datadir=${data}`,
          '--auth-root-authentication-method=normal',
          '--skip-test-db',
          '--skip-name-resolve',
        ],
        { ...account, cwd: dir, env: environment },
      ))

  let port = await freePort()
  let pid: number | undefined
  let child: ChildProcess | undefined
  let reaped: Promise<void> = Promise.resolve()
  let end: string | undefined

  return {
    host: '127.0.0.1',
    get port() {
      return port
    },
    async start() {
      const output = openSync(logFile, 'a')
      const server = spawn(
        binary.server,
        [
          '--no-defaults',
          `--datadir=${data}`,
          `--socket=${join(dir, 'socket')}`,
          `--pid-file=${pidFile}`,
          `--init-file=${init}`,
          '--bind-address=127.0.0.1',
          `--port=${port}`,
          ...settings,
        ],
        { ...account, cwd: dir, env: environment, detached: true, stdio: ['ignore', output, output] },
      )
      end = undefined
      server.once('error', (error) => {
        end = error.message
      })
      server.unref()
      pid = server.pid
      child = server
      reaped = new Promise((resolve) =>
        server.once('exit', (code, signal) => {
          end = `it ended with ${code ?? signal}`
          resolve()
        }),
      )
    },
    ended: async () => end,
    async kill() {
      if (pid === undefined) return
      // Its end is waited for, so that this process must not end before.
      child?.ref()
      await killTree(pid)
      await reaped
      pid = undefined
    },
    async stop() {
      if (pid === undefined) return
      child?.ref()
      process.kill(pid, 'SIGTERM')
      for (let waited = 0; isAlive(pid); waited += 25) {
        if (waited > STOP_TIMEOUT_MS) throw new Error(`${binary.server} does not stop`)
        await sleep(25)
      }
      await reaped
      pid = undefined
    },
    async move() {
      port = await freePort()
    },
    log: async () => readFileSync(logFile, 'utf8'),
  }

  function own(path: string): void {
    if (account.uid !== undefined && account.gid !== undefined) chownSync(path, account.uid, account.gid)
  }
}
