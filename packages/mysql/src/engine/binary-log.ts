import type { BinaryLog, Row, Session } from '@phasegate/core'
import { errorNumber } from '../session/classify-error.js'
import { ifAllowed } from '../session/list-sessions.js'

/**
 * Which ids the readers of the binary log have, and whom the server replicates from. What the account may not see is left out: a
 * tool that takes an id in use is told so by the server.
 */
export async function readBinaryLog(session: Session): Promise<BinaryLog> {
  const [own] = await session.query('SELECT @@server_id AS id')
  const readers = await ifAllowed(() => firstKnown(session, ['SHOW REPLICAS', 'SHOW SLAVE HOSTS']))
  const sources = await ifAllowed(() => readSources(session))
  const [source] = sources.map((row) => field(row, 'Source_Host', 'Master_Host')).filter((host) => host !== '')
  return {
    ids: [Number(own?.id), ...readers.map((row) => Number(field(row, 'Server_Id', 'Server_id')))],
    source: source ?? null,
  }
}

/** What the server says of those that it replicates from; it may refuse to. */
export function readSources(session: Session): Promise<readonly Row[]> {
  return firstKnown(session, ['SHOW REPLICA STATUS', 'SHOW SLAVE STATUS'])
}

const SYNTAX_ERROR = 1064

/** The newer word of the two that this server knows. */
async function firstKnown(session: Session, statements: readonly string[]): Promise<readonly Row[]> {
  for (const statement of statements) {
    try {
      return await session.query(statement)
    } catch (error) {
      if (errorNumber(error) !== SYNTAX_ERROR) throw error
    }
  }
  return []
}

function field(row: Row, ...names: readonly string[]): string {
  const name = names.find((one) => row[one] !== undefined && row[one] !== null)
  return name === undefined ? '' : String(row[name])
}
