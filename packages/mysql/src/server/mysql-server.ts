/** MySQL and its forks answer alike until they do not; which one it is decides what may be asked of it. */
export type Flavour = 'mysql' | 'mariadb'

/** A server, as it or the configuration says it. */
export interface MysqlServer {
  readonly flavour: Flavour
  /** Major, minor, patch. */
  readonly version: readonly [number, number, number]
}

/** Without a version the oldest that is supported, at its latest patch. */
const OLDEST: Readonly<Record<Flavour, MysqlServer['version']>> = {
  mysql: [8, 0, Number.POSITIVE_INFINITY],
  mariadb: [10, 6, Number.POSITIVE_INFINITY],
}

/**
 * @param version `8.0.36`, `8.4`, `10.11.19-MariaDB-log`; a missing patch counts as the latest
 *
 * @example
 * mysqlServer('mariadb', '10.11.19-MariaDB') // { flavour: 'mariadb', version: [10, 11, 19] }
 */
export function mysqlServer(flavour: Flavour, version: string | undefined): MysqlServer {
  const [, major, minor, patch] = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(version ?? '') ?? []
  if (major === undefined) return { flavour, version: OLDEST[flavour] }
  const latest = Number.POSITIVE_INFINITY
  return {
    flavour,
    version: [
      Number(major),
      minor === undefined ? latest : Number(minor),
      patch === undefined ? latest : Number(patch),
    ],
  }
}

/** Is the server of this version or a later one? */
export function isAtLeast({ version }: MysqlServer, ...wanted: readonly [number, number, number]): boolean {
  for (const [place, number] of wanted.entries()) {
    if (version[place]! !== number) return version[place]! > number
  }
  return true
}

/**
 * The server that a session is on.
 *
 * @param version what VERSION() says
 * @param comment what @@version_comment says: some builds leave their name out of the version
 */
export function serverOf(version: string, comment: string): MysqlServer {
  return mysqlServer(/mariadb/i.test(`${version} ${comment}`) ? 'mariadb' : 'mysql', version)
}
