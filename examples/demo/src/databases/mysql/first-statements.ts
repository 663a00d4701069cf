/** What the server runs before it takes connections, a statement a line: nobody gets in without the password. */
export function firstStatements(database: string, password: string): string {
  return [
    `CREATE DATABASE \`${database}\``,
    `CREATE USER 'demo'@'%' IDENTIFIED BY '${password}'`,
    `GRANT ALL ON *.* TO 'demo'@'%'`,
    `ALTER USER 'root'@'localhost' IDENTIFIED BY '${password}'`,
  ]
    .map((statement) => `${statement};\n`)
    .join('')
}

/** Everything else is as the server's authors set it, what is flushed at a commit included. */
export const SERVER_SETTINGS: readonly string[] = [
  '--innodb-buffer-pool-size=256M',
  '--max-connections=200',
  // MySQL's second port, which another server of this machine may hold; MariaDB has none.
  '--loose-mysqlx=OFF',
]
