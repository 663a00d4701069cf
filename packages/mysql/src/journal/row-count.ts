import type { Session } from '@phasegate/core'

/** How many rows the statement before has changed (or, by a flag that drivers set, found). */
export async function rowCount(session: Session): Promise<number> {
  const [row] = await session.query<{ count: number | string }>('SELECT ROW_COUNT() AS count')
  return Number(row?.count)
}
