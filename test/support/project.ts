import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { atTestEnd } from './at-test-end.js'

const PACKAGES = fileURLToPath(new URL('../../packages/', import.meta.url))

/** A user's project in a folder of its own, with `phasegate` and `@phasegate/status` installed. */
export interface Project {
  readonly dir: string
  /** Writes a file, relative to the project; folders are made. Returns its absolute path. */
  write(file: string, text: string): string
  remove(file: string): void
  /** Deletes the project. Happens by itself at the end of the test that made it. */
  delete(): void
}

/**
 * Makes a project out of files written inline by the test.
 *
 * @example
 * const project = createProject({
 *   'phasegate.config.ts': `import { defineConfig } from 'phasegate'\nexport default defineConfig({ … })`,
 *   'phasegate/20261122093000_email_verified.sql': '-- phase: expand\nALTER TABLE …',
 * })
 * await runCli(project, ['expand'], { env: { DATABASE_URL: db.url } })
 */
export function createProject(files: Readonly<Record<string, string>> = {}): Project {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'phasegate-project-')))
  const project: Project = {
    dir,
    write(file, text) {
      const path = join(dir, file)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
      return path
    },
    remove: (file) => rmSync(join(dir, file)),
    delete: () => rmSync(dir, { recursive: true, force: true }),
  }
  project.write('package.json', JSON.stringify({ name: 'project', private: true, type: 'module' }))
  install('phasegate', 'phasegate')
  install('@phasegate/status', 'status')
  for (const [file, text] of Object.entries(files)) project.write(file, text)
  atTestEnd(() => project.delete())
  return project

  function install(name: string, folder: string): void {
    const link = join(dir, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    // A junction needs no privilege on Windows; elsewhere the type is ignored.
    symlinkSync(join(PACKAGES, folder), link, 'junction')
  }
}
