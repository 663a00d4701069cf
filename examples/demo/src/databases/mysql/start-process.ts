import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cleanup } from '../../cleanup.js'
import { freePort } from '../free-port.js'
import { runProgram } from '../run-program.js'
import { own, serverAccount } from '../server-account.js'
import type { MysqlBinaries } from './find-mysql.js'
import { firstStatements, SERVER_SETTINGS } from './first-statements.js'
import { untilReachable } from './until-reachable.js'

const ATTEMPTS = 5

export interface ProcessStart {
  readonly binaries: MysqlBinaries
  readonly dir: string
  readonly database: string
  readonly password: string
  readonly cleanup: Cleanup
  urlOf(port: number): string
}

/** Runs the installed server with a data directory of its own; no configuration of the machine's is read. */
export async function startProcess(start: ProcessStart): Promise<string> {
  const { binaries, dir, cleanup } = start
  const account = serverAccount('mysql')
  const data = join(dir, 'data')
  const log = join(dir, 'server.log')
  const first = join(dir, 'first.sql')
  own(dir, account)
  writeFileSync(first, firstStatements(start.database, start.password))
  chmodSync(first, 0o400)
  own(first, account)
  const { program, args } = binaries.install
  await runProgram(program, ['--no-defaults', ...args, `--datadir=${data}`], dir, account)

  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const child = spawn(
      binaries.server,
      [
        '--no-defaults',
        `--datadir=${data}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        // A path of a socket is at most 107 bytes; a temporary directory may be longer.
        '--socket=server.sock',
        `--tmpdir=${dir}`,
        `--secure-file-priv=${dir}`,
        `--pid-file=${join(dir, 'server.pid')}`,
        `--init-file=${first}`,
        ...SERVER_SETTINGS,
      ],
      { ...account, cwd: dir, stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')], windowsHide: true },
    )
    const ended = once(child, 'exit')
    try {
      const over = (): boolean => child.exitCode !== null || child.signalCode !== null
      await untilReachable(start.urlOf(port), async () => (over() ? lastLines(log) : undefined))
      cleanup.add(async () => {
        // Nothing is kept, so nothing has to be written.
        child.kill('SIGKILL')
        await ended
      })
      return start.urlOf(port)
    } catch (error) {
      child.kill('SIGKILL')
      await ended
      // Somebody else took the port between our look and the server's bind.
      if (attempt === ATTEMPTS || !/already in use/i.test(lastLines(log))) throw error
    }
  }
}

function lastLines(log: string): string {
  return readFileSync(log, 'utf8').trim().split('\n').slice(-10).join('\n')
}
