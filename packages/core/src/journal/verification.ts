import type { UnitRecord } from './journal-snapshot.js'

/** What the row of a backfill says of how its result was proven (`detail.verified`). */
export interface VerificationRecord {
  /** `compared`: rows were compared, or found to be selected no longer. `ranges whole`: nothing could be. */
  readonly proof: 'compared' | 'ranges whole'
  /** Rows that were compared; with `ranges whole` rows that were changed. */
  readonly rows: number
  /** ISO, by the database's clock. */
  readonly at: string
  /** Passes over the table that it took. */
  readonly passes: number
}

/** Undefined: it is not verified. */
export function readVerification({ detail }: Pick<UnitRecord, 'detail'>): VerificationRecord | undefined {
  const { verified } = detail
  if (typeof verified !== 'object' || verified === null) return undefined
  const { proof, rows, at, passes } = verified as Readonly<Record<string, unknown>>
  if (proof !== 'compared' && proof !== 'ranges whole') return undefined
  return { proof, rows: Number(rows), at: String(at), passes: Number(passes) }
}
