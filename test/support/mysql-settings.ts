import type { MysqlFamily } from './mysql-sources.mjs'

export interface MysqlOptions {
  /**
   * True: as careful as a server in production, for suites that kill it. Default false: nothing is waited for on disk, and
   * what a crash leaves may be broken.
   */
  readonly fsync?: boolean
  /** Settings on top of ours, as on the server's command line: `{ 'max-connections': '10' }`. */
  readonly settings?: Readonly<Record<string, string>>
  /** Where its data is to be, logs included: a folder that is there, such as a small disk. Default: one of its own. */
  readonly folder?: string
}

export const ACCOUNT = 'admin'
/** Tests that need a wrong password take any other. */
export const PASSWORD = 'phasegate-test'

/** Run by the server at each start. Its own root account may come in from its own machine only. */
export const INIT_FILE = `
CREATE USER IF NOT EXISTS '${ACCOUNT}'@'%' IDENTIFIED BY '${PASSWORD}';
GRANT ALL ON *.* TO '${ACCOUNT}'@'%' WITH GRANT OPTION;
`

/** The command line of a server that tests run on: what a production server has on, without its waiting for disks. */
export function mysqlArguments(family: MysqlFamily, options: MysqlOptions): string[] {
  const settings = {
    'server-id': '1',
    // Triggers and statements without a key behave differently where there is a binary log.
    'log-bin': 'binlog',
    'binlog-format': 'ROW',
    'max-connections': '400',
    'innodb-buffer-pool-size': '256M',
    'default-time-zone': '+00:00',
    // Else the anonymous account of 'localhost' takes precedence over accounts that tests make for '%'.
    'skip-name-resolve': 'ON',
    ...(family === 'mysql' ? { mysqlx: 'OFF', 'secure-file-priv': 'NULL' } : {}),
    ...(options.fsync === true
      ? { 'innodb-flush-log-at-trx-commit': '1', 'sync-binlog': '1' }
      : {
          'innodb-flush-log-at-trx-commit': '0',
          'sync-binlog': '0',
          'innodb-doublewrite': 'OFF',
          'innodb-flush-method': 'nosync',
        }),
    ...options.settings,
  }
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
}
