import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { dockerEngine, hasImage } from './docker.mjs'

/**
 * The servers that speak the protocol of MySQL.
 *
 * @typedef {'mariadb' | 'mysql'} MysqlFamily
 *
 * Where one of them can be started from: `install` fills a data directory (MariaDB; MySQL's server does it itself).
 * @typedef {{ readonly family: MysqlFamily, readonly source: string, readonly kind: 'binary', readonly server: string,
 *   readonly install?: string }} MysqlBinary
 * @typedef {{ readonly family: MysqlFamily, readonly source: string, readonly kind: 'image' }} MysqlImage
 * @typedef {MysqlBinary | MysqlImage} MysqlSource
 */

/** @type {readonly MysqlFamily[]} */
export const MYSQL_FAMILIES = ['mariadb', 'mysql']

/** @type {Readonly<Record<MysqlFamily, string>>} */
export const MYSQL_NAMES = { mariadb: 'MariaDB', mysql: 'MySQL' }

/**
 * How somebody whose machine lacks this server can get it.
 *
 * @type {Readonly<Record<MysqlFamily, string>>}
 */
export const HOW_TO_GET_MYSQL = {
  mariadb: 'apt-get install mariadb-server (npm test -- --install does it), or set PHASEGATE_TEST_MARIADB_URL',
  mysql:
    'docker pull mysql:9.7 where a Docker engine runs (npm test -- --install does it, or builds an image), ' +
    'or set PHASEGATE_TEST_MYSQL_URL',
}

export const PUBLISHED_IMAGE = 'mysql:9.7'
/** Built by scripts/mysql-image.mjs where no registry can be reached. */
export const BUILT_IMAGE = 'phasegate-test/mysql:9.7'

const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/libexec']

/**
 * A server binary on this machine, else an image that its Docker engine has; undefined where there is neither.
 *
 * @param {MysqlFamily} family
 * @returns {Promise<MysqlSource | undefined>}
 */
export async function findMysql(family) {
  if (family === 'mariadb') return mariadbBinary()
  return mysqlBinary() ?? (await mysqlImage())
}

/** @returns {MysqlBinary | undefined} */
function mariadbBinary() {
  const server = onPath('mariadbd')
  const install = onPath('mariadb-install-db')
  if (server === undefined || install === undefined) return undefined
  return { family: 'mariadb', kind: 'binary', server, install, source: server }
}

/** @returns {MysqlBinary | undefined} */
function mysqlBinary() {
  const server = onPath('mysqld')
  // MariaDB's packages leave a link of this name behind.
  if (server === undefined || execFileSync(server, ['--version'], { encoding: 'utf8' }).includes('MariaDB')) return
  return { family: 'mysql', kind: 'binary', server, source: server }
}

/** @returns {Promise<MysqlImage | undefined>} */
async function mysqlImage() {
  const engine = await dockerEngine()
  if (engine === undefined) return undefined
  for (const image of [PUBLISHED_IMAGE, BUILT_IMAGE, 'mysql:9', 'mysql:8.4']) {
    if (await hasImage(engine, image)) return { family: 'mysql', kind: 'image', source: image }
  }
  return undefined
}

/** @param {string} name */
function onPath(name) {
  return FOLDERS.map((folder) => join(folder, name)).find((file) => existsSync(file))
}
