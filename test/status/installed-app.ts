import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface InstalledApp {
  readonly folder: string
  /** Runs a file of the application, or a binary of the project; resolves to what it printed. */
  node(...parameters: string[]): string
}

/**
 * An application with nothing of ours but `@phasegate/status` as npm packs it, so that a dependency which is only there
 * because of the workspace would be missed. What else it names is linked from the project.
 */
export function installApp(
  files: Readonly<Record<string, string>>,
  links: readonly string[],
): InstalledApp & { remove(): void } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'phasegate-app-')))
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: join(root, 'packages/status'),
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  execFileSync('tar', ['-xzf', packed.trim()], { cwd: folder })
  for (const name of ['@phasegate/status', ...links]) {
    const target = join(folder, 'node_modules', name)
    mkdirSync(dirname(target), { recursive: true })
    if (name === '@phasegate/status') renameSync(join(folder, 'package'), target)
    else symlinkSync(join(root, 'node_modules', name), target, 'junction')
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return {
    folder,
    node: (...parameters) => {
      try {
        return execFileSync(process.execPath, parameters, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
      } catch (error) {
        const { stdout, stderr } = error as { stdout?: string; stderr?: string }
        throw new Error(`node ${parameters.join(' ')} failed:\n${stdout ?? ''}${stderr ?? ''}`)
      }
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}
