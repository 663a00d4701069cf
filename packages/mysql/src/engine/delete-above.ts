import type { EngineTable, Session, TransactionOptions } from '@phasegate/core'
import { quoteName } from '../quoting.js'

/** Rows of one statement: their locks last for as long as it takes. */
const AT_ONCE = 100

/**
 * Deletes from a copy the rows whose `column`, its key, is above a number, up to the highest that is there when it begins: writers
 * bring new ones all the time.
 *
 * @throws a lock timeout or a deadlock, after which it can be called again
 */
export async function deleteAbove(
  session: Session,
  copy: Pick<EngineTable, 'schema' | 'name'>,
  column: string,
  above: bigint,
  limits: TransactionOptions,
  signal: AbortSignal,
): Promise<void> {
  const table = `${quoteName(copy.schema)}.${quoteName(copy.name)}`
  const key = quoteName(column)
  await session.limited(limits, async () => {
    const [row] = await session.query<{ last: string | null }>(`SELECT CAST(MAX(${key}) AS CHAR) AS last FROM ${table}`)
    if (row === undefined || row.last === null) return
    for (let deleted = AT_ONCE; deleted === AT_ONCE; ) {
      signal.throwIfAborted()
      await session.query(
        `DELETE FROM ${table} WHERE ${key} > ${above} AND ${key} <= ${BigInt(row.last)} ORDER BY ${key} LIMIT ${AT_ONCE}`,
      )
      const [count] = await session.query<{ rows: string | number }>('SELECT ROW_COUNT() AS `rows`')
      deleted = Number(count?.rows)
    }
  })
}
