import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Servers are often not on the PATH of those who are not root. */
const PLACES = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/usr/libexec', '/opt/homebrew/bin']

export interface MysqlBinaries {
  readonly server: string
  /** Makes the data directory; `datadir` is an option of it. */
  readonly install: { readonly program: string; readonly args: readonly string[] }
}

/** MySQL's own server, which makes its data directory itself. */
export function findMysql(): MysqlBinaries | undefined {
  const server = programs('mysqld').find((program) => !isMariadb(program))
  return server === undefined ? undefined : { server, install: { program: server, args: ['--initialize-insecure'] } }
}

/** MariaDB's; `mysqld` may be a name of it. */
export function findMariadb(): MysqlBinaries | undefined {
  const server = [...programs('mariadbd'), ...programs('mysqld')].find(isMariadb)
  const program = [...programs('mariadb-install-db'), ...programs('mysql_install_db')][0]
  if (server === undefined || program === undefined) return undefined
  return { server, install: { program, args: ['--auth-root-authentication-method=normal', '--skip-test-db'] } }
}

function programs(name: string): readonly string[] {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', ...PLACES].filter(
    (folder) => folder !== '',
  )
  return folders.map((folder) => join(folder, name)).filter((program) => existsSync(program))
}

function isMariadb(program: string): boolean {
  return /mariadb/i.test(
    spawnSync(program, ['--no-defaults', '--version'], { encoding: 'utf8', cwd: '/' }).stdout ?? '',
  )
}
