import type { BackfillKey, CompiledBackfill, Session } from '@phasegate/core'
import { batchEndSql } from './backfill-statements.js'
import { isPageKey, pageEnd } from './page-key.js'

/** See `BackfillTarget.batchEnd`. */
export async function batchEnd(
  session: Session,
  backfill: CompiledBackfill,
  key: BackfillKey,
  after: string | null,
  upper: string,
  size: number,
): Promise<string> {
  if (isPageKey(key)) return await pageEnd(session, backfill, after, upper, size)
  const sql = batchEndSql(backfill, key, after !== null)
  const [row] = await session.query<{ key: string | null }>(sql, [upper, size - 1, ...(after === null ? [] : [after])])
  return row?.key ?? upper
}
