import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
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
