// Adds to package-lock.json the platform packages that npm left out (see package-rules.mjs). Run it after `npm install`
// when `npm run check` says that the lock is incomplete.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { missingOptional } from './package-rules.mjs'
import { ROOT } from './run-tool.mjs'

const OS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32', 'windows']
const CPU = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64', '64']

const file = join(ROOT, 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8'))
const missing = missingOptional(lock)
for (const { name, version, parent } of missing) {
  lock.packages[`node_modules/${name}`] = {
    version,
    ...platformOf(name, version),
    ...(lock.packages[parent].dev === true ? { dev: true } : {}),
    optional: true,
  }
}
// npm keeps the list in this order too.
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1))
lock.packages = Object.fromEntries(sorted)
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`added ${missing.length} package(s) to package-lock.json`)

/**
 * What a platform package's own manifest says of where it belongs, read from its name (`@turbo/windows-arm64`,
 * `@unrs/resolver-binding-linux-arm-gnueabihf`): npm skips it everywhere else.
 *
 * @param {string} name
 * @param {string} version
 */
function platformOf(name, version) {
  const words = (name.split('/')[1] ?? name).split('-')
  const os = words.find((word) => OS.includes(word))
  const cpu = words.find((word) => CPU.includes(word))
  if (os === undefined || cpu === undefined || !/^\d+\.\d+\.\d+/.test(version)) {
    throw new Error(`cannot tell the platform or the version of ${name}@${version}: add it by hand`)
  }
  const libc = words.some((word) => word.startsWith('musl')) ? 'musl' : 'glibc'
  return {
    cpu: [cpu === '64' ? 'x64' : cpu],
    ...(os === 'linux' && words.some((word) => /^(musl|gnu)/.test(word)) ? { libc: [libc] } : {}),
    os: [os === 'windows' ? 'win32' : os],
  }
}
