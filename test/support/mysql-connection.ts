import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'

/**
 * A connection of a test's own: values as the database's text where a JavaScript value would lose something (dates,
 * bigints above 2^53), JSON as text on either server, several statements in one query.
 */
export async function connectMysql(url: string): Promise<Connection> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const connection = await createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    charset: 'utf8mb4_bin',
    multipleStatements: true,
    dateStrings: true,
    supportBigNumbers: true,
    jsonStrings: true,
    connectTimeout: 5000,
    connectAttributes: { program_name: 'test' },
  })
  // A server that a test kills ends this connection too; the test sees that in its own calls.
  connection.on('error', () => {})
  return connection
}

/** What the server calls itself, `10.11.19-MariaDB-…`. */
export async function askMysqlVersion(url: string): Promise<string> {
  const connection = await connectMysql(url)
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version')
    return rows[0]?.version
  } finally {
    await connection.end()
  }
}
