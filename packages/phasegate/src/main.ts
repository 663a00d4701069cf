import { Console } from 'node:console'
import { runProgram } from './program.js'

/** The process around the program: streams, exit code, end. */
export async function main(): Promise<void> {
  // stdout is data: what users' files log while they are loaded must not end up in a JSON document.
  globalThis.console = new Console(process.stderr, process.stderr)
  // The reader of a pipe went away (`phasegate expand | head`): what runs is not stopped half way for that.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  const code = await runProgram(process.argv.slice(2))
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  // Users' files may keep the process alive (a pool that their config imports), so it is ended.
  process.exit(code)
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()))
}
