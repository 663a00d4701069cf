import { randomBytes } from 'node:crypto'
import { NoServer, type ServerStart } from '../server-start.js'
import { findMariadb, findMysql, type MysqlBinaries } from './find-mysql.js'
import { findImage, startInDocker } from './start-in-docker.js'
import { startProcess } from './start-process.js'

interface Flavour {
  readonly title: string
  /** Of the URL, of Debian's package and of Homebrew's. */
  readonly name: string
  readonly find: () => MysqlBinaries | undefined
  /** Of Docker: the first that is there is taken, else the first that can be fetched. */
  readonly images: readonly string[]
  /** In a container: makes the data directory; runs the server. */
  readonly install: string
  readonly server: string
}

export const startMysql: ServerStart = startOf({
  title: 'MySQL',
  name: 'mysql',
  find: findMysql,
  images: ['mysql:9', 'mysql:8.4', 'phasegate-test/mysql:9.7'],
  install: 'mysqld --no-defaults --initialize-insecure',
  server: 'mysqld',
})

export const startMariadb: ServerStart = startOf({
  title: 'MariaDB',
  name: 'mariadb',
  find: findMariadb,
  images: ['mariadb:11', 'mariadb:10.11'],
  install: 'mariadb-install-db --no-defaults --auth-root-authentication-method=normal --skip-test-db',
  server: 'mariadbd',
})

/** The programs that are installed; else a container. */
function startOf({ title, name, find, images, install, server }: Flavour): ServerStart {
  return async (dir, database, cleanup) => {
    const password = randomBytes(12).toString('hex')
    const urlOf = (port: number): string => `${name}://demo:${password}@127.0.0.1:${port}/${database}`
    const start = { database, password, urlOf, cleanup }
    const binaries = find()
    if (binaries !== undefined) return startProcess({ ...start, binaries, dir })
    const image = await findImage(images)
    if (image !== undefined) return startInDocker({ ...start, image, install, server })
    throw new NoServer(
      [
        `There is no ${title} here: no program of its server was found, and no Docker engine answers that has or can fetch ${images[0]}.`,
        `Install it (Debian, Ubuntu: apt install ${name}-server; macOS: brew install ${name}), or start Docker, or give the URL of an empty database:`,
        `  npm run demo -- --database ${name}://user:password@localhost:3306/demo`,
      ].join('\n'),
    )
  }
}
