import type { BackfillKey, CompiledBackfill, RowChange, Session } from '@phasegate/core'
import { statementsThatFit } from '../session/packet.js'
import { WITHOUT_WAITING } from './change-statements.js'
import { lockReadSql, type MapReadRow, writeSql } from './map-statements.js'
import { byColumns, mappingOf, rowRead } from './map-target.js'

export interface MappedBatch {
  readonly session: Session
  readonly backfill: CompiledBackfill
  readonly key: BackfillKey
  readonly changes: readonly RowChange[]
  readonly failsInsteadOfWaiting: boolean
  readonly rowInValues: boolean
}

/** A row of the batch has been changed since it was read: the transaction is to be rolled back. */
export class Stale extends Error {}

/** Keys in one condition at most. */
const MOST_KEYS = 1000

/**
 * Writes what `map` gave, one statement for rows that give the same columns (more where it would be longer than
 * `max_allowed_packet`), inside the caller's transaction. Every row
 * that was read is locked first, without waiting, and must read as it did; one that is gone, or that `where` selects no
 * longer, is left alone. Gives the keys of those that it wrote.
 *
 * @throws `Stale`, `RowTooLarge`
 */
export async function writeMapped(batch: MappedBatch): Promise<readonly string[]> {
  const { session, backfill, key, changes } = batch
  const mapping = await mappingOf(session, backfill, key, batch.rowInValues)
  const now = new Map<string, MapReadRow>()
  for (let from = 0; from < changes.length; from += MOST_KEYS) {
    const keys = changes.slice(from, from + MOST_KEYS).map((change) => change.key)
    for (const statement of statementsThatFit(keys, mapping.mostBytes, (part) => lockReadSql(mapping, part)))
      for (const row of await session.query<MapReadRow>(statement)) now.set(row.phasegate_text, row)
  }
  const wanted = changes.filter((change) => {
    const row = now.get(change.key)
    if (row === undefined) return false
    const { texts } = rowRead(mapping, row)
    if (texts.some((text, index) => text !== change.texts[index])) throw new Stale()
    return Number(row.phasegate_selected) === 1
  })
  const written: string[] = []
  for (const [names, rows] of byColumns(mapping, wanted)) {
    const sql = (part: readonly RowChange[]): string =>
      `${batch.failsInsteadOfWaiting ? WITHOUT_WAITING : ''}${writeSql(mapping, names, part)}`
    for (const statement of statementsThatFit(rows, mapping.mostBytes, sql)) await session.query(statement)
    written.push(...rows.map((row) => row.key))
  }
  return written
}
