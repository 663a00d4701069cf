import type { Session } from '@phasegate/core'
import { quoteName } from '../quoting.js'

/**
 * As of one moment, which takes REPEATABLE READ (MySQL Reference Manual, "START TRANSACTION", WITH CONSISTENT SNAPSHOT), so that
 * what triggers write beside a row counts with it. Nobody waits for it but who changes the shape of a table.
 */
export async function countRows(
  session: Session,
  schema: string,
  tables: readonly string[],
): Promise<readonly number[]> {
  await session.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
  try {
    const counts: number[] = []
    for (const table of tables) {
      const [row] = await session.query<{ rows: string | number }>(
        `SELECT COUNT(*) AS \`rows\` FROM ${quoteName(schema)}.${quoteName(table)}`,
      )
      counts.push(Number(row?.rows))
    }
    return counts
  } finally {
    // On a connection that is gone it is over by itself.
    await session.query('ROLLBACK').catch(() => {})
  }
}
