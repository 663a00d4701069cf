import type { EngineTable, Session, TransactionOptions } from '@phasegate/core'
import { quoteName } from '../quoting.js'

/**
 * `RENAME TABLE t TO old, copy TO t`: for everybody else in one step. The table's triggers go with it, so that whoever waited
 * for the lock writes to the new one, without them.
 *
 * @throws what the server says: no lock in time (1205, or 1213 beside writers), no such copy (1146), `old` is there (1050)
 */
export async function swapTables(
  session: Session,
  { schema, name }: Pick<EngineTable, 'schema' | 'name'>,
  { copy, old }: { readonly copy: string; readonly old: string },
  limits: TransactionOptions,
): Promise<void> {
  const qualified = (one: string): string => `${quoteName(schema)}.${quoteName(one)}`
  await session.limited(limits, () =>
    session.query(`RENAME TABLE ${qualified(name)} TO ${qualified(old)}, ${qualified(copy)} TO ${qualified(name)}`),
  )
}
