import type { BackfillKey, CompiledBackfill, Session } from '@phasegate/core'
import { batchEndSql } from './backfill-statements.js'

/** See `BackfillTarget.batchEnd`. */
export async function batchEnd(
  session: Session,
  backfill: CompiledBackfill,
  key: BackfillKey,
  after: string | null,
  upper: string,
  size: number,
): Promise<string> {
  const sql = batchEndSql(backfill, key, after !== null)
  const [row] = await session.query<{ key: string | null }>(sql, [upper, size - 1, ...(after === null ? [] : [after])])
  return row?.key ?? upper
}
