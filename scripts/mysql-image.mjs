import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BUILT_IMAGE, PUBLISHED_IMAGE } from '../test/support/mysql-sources.mjs'
import { debianMirror, isRootOnDebian } from './apt.mjs'

const PULL_TIMEOUT_MS = 5 * 60_000
const BUILD_TIMEOUT_MS = 20 * 60_000

/**
 * Gets an image of MySQL for the Docker engine of this machine: the published one where a registry can be reached, else
 * one that is built from Debian's packages. MySQL left Debian's stable releases, so that it takes a root of its own:
 * sid, the one that has it.
 *
 * @returns {boolean} false where neither worked, which has been said
 */
export function ensureMysqlImage() {
  if (run('docker', ['pull', '--quiet', PUBLISHED_IMAGE], PULL_TIMEOUT_MS)) return true
  if (!isRootOnDebian() || !existsSync('/usr/sbin/debootstrap')) {
    console.log(`${PUBLISHED_IMAGE} could not be pulled; building an image takes root, apt-get and debootstrap.`)
    return false
  }
  console.log(`${PUBLISHED_IMAGE} could not be pulled; building ${BUILT_IMAGE} from Debian's packages (a few minutes)`)
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'phasegate-mysql-image-')))
  try {
    const built = buildIn(root)
    if (!built) console.log(`${BUILT_IMAGE} could not be built`)
    return built
  } finally {
    rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

/** @param {string} root */
function buildIn(root) {
  const inside = (/** @type {string} */ script) => run('chroot', [root, '/bin/sh', '-ec', script])
  // It becomes the root folder of the image, which the server's own account must be able to enter.
  chmodSync(root, 0o755)
  return (
    run('debootstrap', ['--variant=minbase', '--include=ca-certificates', 'sid', root, debianMirror()]) &&
    // A mirror that is a snapshot says that it is out of date, as it should.
    inside(`apt-get -qq -o Acquire::Check-Valid-Until=false update
      apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends mysql-server-core`) &&
    inside(`id mysql >/dev/null 2>&1 || useradd --system mysql
      install -d -o mysql /var/lib/mysql /run/mysqld
      mysqld --initialize-insecure --user=mysql --datadir=/var/lib/mysql`) &&
    run('bash', [
      '-ec',
      `set -o pipefail
       tar -C "$0" -c --one-file-system --exclude=./var/cache/apt --exclude=./var/lib/apt/lists . |
         docker import --change 'CMD ["mysqld"]' - "$1" >/dev/null`,
      root,
      BUILT_IMAGE,
    ])
  )
}

/**
 * Runs a program; what it prints is shown where it fails.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {number} [timeout] ms
 */
function run(program, args, timeout = BUILD_TIMEOUT_MS) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
  })
  if (status === 0) return true
  const says = `${stdout ?? ''}${stderr ?? ''}`.trimEnd().split('\n').slice(-5).join('\n')
  console.log(`${program} ${args[0]} failed${error === undefined ? '' : ` (${error.message})`}: ${says}`)
  return false
}
