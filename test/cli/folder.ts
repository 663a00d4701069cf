import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** A folder with these files and nothing installed, as `npx phasegate` finds it. Removed at the end of the test. */
export function createFolder(
  files: Readonly<Record<string, string>> = {},
  name = 'phasegate-folder-',
): { readonly dir: string } {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), name)))
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), text)
  }
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return { dir }
}

/** What `--json` prints where a verb ended with an error. */
export interface ErrorDocument {
  readonly ok: false
  readonly error: {
    readonly code: string
    readonly message: string
    readonly why?: string
    readonly next: readonly string[]
    readonly where?: { readonly file: string; readonly line?: number }
  }
}

/** Runs the real command line as a user who owns nothing (root may write everywhere, so it becomes nobody). */
export function runUnprivileged(
  folder: { readonly dir: string },
  args: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string }> {
  const bin = fileURLToPath(new URL('../../packages/phasegate/dist/bin.js', import.meta.url))
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const options = { cwd: folder.dir, env: { PATH: process.env.PATH, HOME: folder.dir }, ...user }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [bin, ...args], options, (_, stdout) => {
      resolve({ code: child.exitCode ?? -1, stdout })
    })
  })
}
