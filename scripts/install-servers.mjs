import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'

/** What the tests can use, the file that shows that it is there, and the Debian package that brings it. */
const WANTED = [
  { file: '/usr/lib/postgresql/15/bin/initdb', package: 'postgresql-15' },
  { file: '/usr/sbin/pgbouncer', package: 'pgbouncer' },
]

const CLUSTER_CONFIG = '/etc/postgresql-common/createcluster.conf'
const SERVICE_POLICY = '/usr/sbin/policy-rc.d'

/**
 * Installs the servers that this machine lacks, as root on Debian or Ubuntu. What cannot be had is said and left alone:
 * the suites that need it are then skipped by name.
 */
export function installServers() {
  const missing = WANTED.filter(({ file }) => !existsSync(file)).map((wanted) => wanted.package)
  if (missing.length === 0) return
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.log(`Not installing ${missing.join(', ')}: that takes root and apt-get.`)
    return
  }
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
    for (const name of missing) {
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
