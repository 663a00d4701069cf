import type { Session } from '@phasegate/core'
import type { Capabilities } from '../server/capabilities.js'
import { classifyError } from '../session/classify-error.js'
import { readCatalog } from './read-catalog.js'

/**
 * The server's own mark of what holds a table's rows. It stays while the catalog alone changes or an index is built, and is
 * another one after the table was written anew, emptied or swapped (measured on MySQL 9.7.4 and MariaDB 10.11.19).
 *
 * That is the tablespace on MySQL (whose list of tables would wait for DDL of anybody) and InnoDB's number of the table on
 * MariaDB; of a partitioned table those of all partitions. An account without PROCESS sees neither, and a tablespace of many
 * tables tells nothing: then it is the second in which the table was created, which a swap changes as well.
 */
export async function tableIdentity(
  session: Session,
  schema: string,
  name: string,
  { cachedTableStatistics, tablesAreListed }: Capabilities,
): Promise<string> {
  const numbers = await ifProcess(() =>
    tablesAreListed
      ? session.query<NumberRow>(
          `SELECT table_id AS number FROM information_schema.innodb_sys_tables
           WHERE CAST(SUBSTRING_INDEX(name, '#', 1) AS BINARY) = CONCAT(
             CONVERT(CONVERT(? USING filename) USING binary), '/', CONVERT(CONVERT(? USING filename) USING binary))
           ORDER BY table_id`,
          [schema, name],
        )
      : session.query<NumberRow>(
          `SELECT CAST(space AS CHAR) AS number FROM information_schema.innodb_tablespaces_brief
           WHERE CAST(name AS BINARY) = CAST(? AS BINARY)
              OR LEFT(CAST(name AS BINARY), ?) = CAST(? AS BINARY) ORDER BY space`,
          [`${schema}/${name}`, Buffer.byteLength(`${schema}/${name}#p#`), `${schema}/${name}#p#`],
        ),
  )
  if (numbers.length > 0) return numbers.map(({ number }) => String(number)).join(' ')
  if (cachedTableStatistics) await session.query('SET SESSION information_schema_stats_expiry = 0')
  const [row] = await readCatalog<{ created: string | null }>(
    session,
    'SELECT create_time AS created FROM information_schema.tables WHERE table_schema = ? AND table_name = ?',
    [schema, name],
  )
  return `created ${row?.created ?? '?'}`
}

interface NumberRow {
  readonly number: string | number
  readonly [key: string]: unknown
}

async function ifProcess(read: () => Promise<readonly NumberRow[]>): Promise<readonly NumberRow[]> {
  try {
    return await read()
  } catch (error) {
    if (classifyError(error) === 'permission') return []
    throw error
  }
}
