/** The options that `query` of mysql2 takes. */
interface Statement {
  readonly sql: string
  /** ms */
  readonly timeout: number
}

/** A connection of `mysql2/promise`. */
export interface Mysql2Connection {
  query(statement: Statement): Promise<unknown>
  execute(statement: Statement): Promise<unknown>
}

/** A pool of `mysql2/promise`. */
export interface Mysql2Pool extends Mysql2Connection {
  getConnection(): Promise<Mysql2Connection & { release(): void; destroy(): void }>
}

/** A pool or a connection of `mysql2` with callbacks. */
export interface Mysql2Callbacks {
  promise(): Mysql2Connection
}

export type Mysql2Like = Mysql2Connection | Mysql2Callbacks

export function isMysql2(database: object): database is Mysql2Like {
  return 'execute' in database && 'query' in database
}

/**
 * Asks through mysql2. A statement that timed out goes on in the server, and mysql2 keeps its connection busy until the
 * answer has come, so that it answers nobody else (measured on mysql2 3.24). In a pool that connection would be missing
 * for as long, so it is taken out and ended; a single connection is the application's, and left to recover.
 */
export function queryThroughMysql2(database: Mysql2Like, timeout: number): (sql: string) => Promise<unknown> {
  const client = 'promise' in database ? database.promise() : database
  return async (sql) => {
    const statement = { sql, timeout }
    if (!isPool(client)) return client.query(statement)
    const connection = await client.getConnection()
    try {
      const answer = await connection.query(statement)
      connection.release()
      return answer
    } catch (error) {
      if (isTimeout(error)) connection.destroy()
      else connection.release()
      throw error
    }
  }
}

function isPool(client: Mysql2Connection): client is Mysql2Pool {
  return 'getConnection' in client
}

/** mysql2's own error; one of the server leaves the connection as good as before. */
function isTimeout(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === 'PROTOCOL_SEQUENCE_TIMEOUT'
}
