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
  const sql = batchEndSql(backfill, key, { after, upTo: upper }, size)
  const [row] = await session.query<{ phasegate_key: string }>(sql)
  return row?.phasegate_key ?? upper
}
