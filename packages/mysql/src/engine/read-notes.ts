import type { Session } from '@phasegate/core'
import { quoteName } from '../quoting.js'

/** Every row of a small table, in the order of its first column, values as text. */
export async function readNotes(
  session: Session,
  schema: string,
  table: string,
): Promise<readonly Readonly<Record<string, string | null>>[]> {
  const rows = await session.query(`SELECT * FROM ${quoteName(schema)}.${quoteName(table)} ORDER BY 1`)
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, value === null || value === undefined ? null : String(value)]),
    ),
  )
}
