import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { findMysql } from '../test/support/mysql-sources.mjs'
import { aptInstall, isRootOnDebian } from './apt.mjs'
import { ensureDockerEngine } from './docker-engine.mjs'
import { ensureMysqlImage } from './mysql-image.mjs'
import { ensurePerconaToolkit } from './percona-toolkit.mjs'

/** @typedef {{ readonly file: string, readonly package: string }} Wanted */

/**
 * What the tests can use, the file that shows that it is there, and the Debian package that brings it.
 *
 * @type {readonly Wanted[]}
 */
const WANTED = [
  { file: '/usr/lib/postgresql/15/bin/initdb', package: 'postgresql-15' },
  { file: '/usr/lib/postgresql/15/bin/pg_repack', package: 'postgresql-15-repack' },
  { file: '/usr/sbin/pgbouncer', package: 'pgbouncer' },
  { file: '/usr/bin/prometheus', package: 'prometheus' },
  { file: '/usr/sbin/mariadbd', package: 'mariadb-server' },
  { file: '/usr/bin/pt-online-schema-change', package: 'percona-toolkit' },
]

/**
 * MySQL comes in a container (mysql-image.mjs).
 *
 * @type {readonly Wanted[]}
 */
const WANTED_FOR_MYSQL = [
  { file: '/usr/sbin/dockerd', package: 'docker.io' },
  { file: '/usr/sbin/iptables', package: 'iptables' },
  { file: '/usr/sbin/debootstrap', package: 'debootstrap' },
  { file: '/usr/share/keyrings/debian-archive-keyring.gpg', package: 'debian-archive-keyring' },
]

/**
 * Installs the servers that this machine lacks, as root on Debian or Ubuntu, and starts a Docker engine for MySQL where
 * none answers. What cannot be had is said and left alone: the suites that need it are then skipped by name.
 */
export async function installServers() {
  install(WANTED)
  ensurePerconaToolkit()
  const { PHASEGATE_TEST_MYSQL_URL: url = '' } = process.env
  if (url !== '' || (await findMysql('mysql')) !== undefined) return
  if ((await ensureDockerEngine()) === undefined) install(WANTED_FOR_MYSQL)
  if ((await ensureDockerEngine()) === undefined) {
    console.log('Not getting MySQL: no Docker engine answers, and none could be started.')
    return
  }
  if ((await findMysql('mysql')) !== undefined) return
  install(WANTED_FOR_MYSQL.filter(({ package: name }) => name.startsWith('deb')))
  // Part of docker.io up to Debian 12.
  if (spawnSync('docker', ['--version']).error !== undefined)
    install([{ file: '/usr/bin/docker', package: 'docker-cli' }])
  ensureMysqlImage()
}

/** @param {readonly Wanted[]} wanted */
function install(wanted) {
  const missing = wanted.filter(({ file }) => !existsSync(file)).map((one) => one.package)
  if (missing.length === 0) return
  if (isRootOnDebian()) aptInstall(missing)
  else console.log(`Not installing ${missing.join(', ')}: that takes root and apt-get.`)
}
