import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const CLUSTER_CONFIG = '/etc/postgresql-common/createcluster.conf'
const SERVICE_POLICY = '/usr/sbin/policy-rc.d'
const SOURCES = '/etc/apt'
export const DEBIAN_MIRROR = 'http://deb.debian.org/debian'

export function isRootOnDebian() {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
}

/**
 * Installs packages, as root on Debian or Ubuntu, without any of the services that they bring. What cannot be had is said
 * and left alone.
 *
 * @param {readonly string[]} packages
 */
export function aptInstall(packages) {
  // Debian's packages start servers on their fixed ports. Nothing here uses those, so they are kept from it: no cluster
  // is made (postgresql-common), and no service is started (policy-rc.d(8): 101 is "forbidden").
  if (!existsSync(CLUSTER_CONFIG)) {
    mkdirSync('/etc/postgresql-common', { recursive: true })
    writeFileSync(CLUSTER_CONFIG, 'create_main_cluster = false\n')
  }
  const ownPolicy = !existsSync(SERVICE_POLICY)
  if (ownPolicy) writeFileSync(SERVICE_POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    if (apt(['update']) !== 0) console.log('apt-get update failed; trying with the package lists that are there')
    for (const name of packages) {
      if (apt(['install', '--no-install-recommends', name]) !== 0) console.log(`${name} could not be installed`)
    }
  } finally {
    if (ownPolicy) rmSync(SERVICE_POLICY)
  }
}

/** @param {readonly string[]} args */
function apt(args) {
  const options = [
    '-qq',
    '-y',
    '-o',
    'Dpkg::Use-Pty=0',
    '-o',
    'Dpkg::Options::=--force-confold',
    '-o',
    'Acquire::Retries=3',
  ]
  const result = spawnSync('apt-get', [...options, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  return result.status ?? 1
}

/** The Debian mirror that this machine uses, so that a mirror close by is used for other suites as well. */
export function debianMirror() {
  const folder = join(SOURCES, 'sources.list.d')
  const files = [
    join(SOURCES, 'sources.list'),
    ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
  ]
  return mirrorIn(files.filter((file) => existsSync(file)).map((file) => readFileSync(file, 'utf8')))
}

/**
 * The first Debian archive that apt's source files name, in either of their formats (sources.list(5)); comments do not
 * count, nor do archives of security updates or of others.
 *
 * @param {readonly string[]} files their texts
 */
export function mirrorIn(files) {
  const lines = files.flatMap((text) => text.split('\n')).filter((line) => /^\s*(deb\s|URIs:)/i.test(line))
  const urls = lines.flatMap((line) => line.match(/https?:\/\/\S+/g) ?? []).map((url) => url.replace(/\/+$/, ''))
  return urls.find((url) => url.endsWith('/debian')) ?? DEBIAN_MIRROR
}
