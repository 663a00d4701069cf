import type { UnitRecord } from './journal-snapshot.js'

/** What the row of a backfill says of the rows that it could not change (`detail.quarantined`). */
export interface QuarantineRecord {
  readonly rows: number
  /** The first of their keys. */
  readonly sampleKeys: readonly string[]
}

/** Undefined: there are none. */
export function readQuarantine({ detail }: Pick<UnitRecord, 'detail'>): QuarantineRecord | undefined {
  const { quarantined } = detail
  if (typeof quarantined !== 'object' || quarantined === null || !('rows' in quarantined)) return undefined
  const rows = Number(quarantined.rows)
  if (rows === 0) return undefined
  const keys = 'sampleKeys' in quarantined && Array.isArray(quarantined.sampleKeys) ? quarantined.sampleKeys : []
  return { rows, sampleKeys: keys.map(String) }
}

export const hasQuarantine = (record: Pick<UnitRecord, 'detail'>): boolean => readQuarantine(record) !== undefined
