import { spawn } from 'node:child_process'

/** Looks as often as it can, which no other work of a test's own process would let it. */
const WATCH = `
  const { openSync, readSync } = require('node:fs')
  const [name, pid, text] = process.argv.slice(1)
  const file = openSync(name, 'r')
  const buffer = Buffer.alloc(65536)
  let said = ''
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    const bytes = readSync(file, buffer)
    if (bytes === 0) continue
    said = (said + buffer.latin1Slice(0, bytes)).slice(-70000)
    if (!said.includes(text)) continue
    try { process.kill(Number(pid), 'SIGKILL') } catch {}
    break
  }`

/** Kills a process in the moment in which it has written that text to this file. */
export function killAtLine(file: string, pid: number, text: string): Promise<void> {
  const watcher = spawn(process.execPath, ['-e', WATCH, file, String(pid), text], { stdio: 'ignore' })
  return new Promise((resolve) => watcher.once('exit', () => resolve()))
}
