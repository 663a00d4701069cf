import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ServerAccount } from './server-account.js'

/**
 * Runs a program to its end. Its output goes nowhere but into the error: `pg_ctl start` leaves a server behind that
 * inherits its streams, so they must not be pipes that we wait for.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  cwd: string,
  account: ServerAccount,
): Promise<void> {
  const child = spawn(program, args, {
    ...account,
    cwd,
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', SystemRoot: process.env.SystemRoot },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  child.stdout.destroy()
  child.stderr.destroy()
  if (code !== 0) throw new Error(`${program} ended with ${code ?? signal}: ${said.trim()}`)
}
