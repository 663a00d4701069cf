import type { Session, TableSize } from '@phasegate/core'
import type { Capabilities } from '../server/capabilities.js'
import { findTables } from './tables-named.js'

/**
 * Sizes with partitions and indexes; rows as InnoDB estimates them from a sample, which may be off by half (MySQL Reference
 * Manual, "The INFORMATION_SCHEMA TABLES Table").
 */
export async function tableSizes(
  session: Session,
  tables: readonly string[],
  capabilities: Capabilities,
): Promise<readonly TableSize[]> {
  // Else they are those of up to a day ago.
  if (capabilities.cachedTableStatistics) await session.query('SET SESSION information_schema_stats_expiry = 0')
  const found = await findTables(session, tables)
  return found.filter(({ kind }) => kind === 'table').map(({ named, bytes, rows }) => ({ table: named, bytes, rows }))
}

/** Of these tables, those that are not there. */
export async function missingTables(session: Session, tables: readonly string[]): Promise<readonly string[]> {
  const found = new Set((await findTables(session, tables)).map(({ named }) => named))
  return tables.filter((table) => !found.has(table))
}
