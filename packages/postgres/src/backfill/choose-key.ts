import { type BackfillKey, type CompiledBackfill, columnsWritten } from '@phasegate/core'
import { noKey } from './backfill-errors.js'

/** A unique index, as the catalog holds it. */
export interface KeyCandidate {
  readonly index: string
  readonly primary: boolean
  readonly valid: boolean
  readonly partial: boolean
  /** Key columns, INCLUDE columns not counted. */
  readonly columns: number
  /** The first key column; null for an expression. */
  readonly column: string | null
  readonly type: string | null
  readonly notNull: boolean | null
  /** Bytes of the type, -1 where they vary. */
  readonly length: number | null
  /** A btree in the column's own order and collation. */
  readonly ordered: boolean
}

/**
 * The key to walk by: the one that the file names, else the primary key, else the unique index with the smallest type.
 *
 * @throws `BACKFILL.NO_KEY` naming what is wrong with each index that there is
 */
export function chooseKey(backfill: CompiledBackfill, candidates: readonly KeyCandidate[]): BackfillKey {
  const set = columnsWritten(backfill)
  const offered =
    backfill.key === undefined ? candidates : candidates.filter((candidate) => candidate.column === backfill.key)
  const judged = offered.map((candidate) => ({ candidate, fault: faultOf(candidate, set) }))
  const [best] = judged.flatMap(({ candidate, fault }) => (fault === undefined ? [candidate] : [])).sort(byPreference)
  if (best?.column != null && best.type != null)
    return { columns: [{ name: best.column, type: best.type }], index: best.index }
  const faults = judged.map(({ candidate, fault }) => `${candidate.index} ${fault}`)
  const found = faults.length === 0 ? 'There is no unique index' : `Of the unique indexes, ${faults.join('; ')}`
  throw noKey(backfill, `${found}${backfill.key === undefined ? '' : ` (asked for: ${backfill.key})`}.`)
}

function faultOf(candidate: KeyCandidate, set: readonly string[]): string | undefined {
  if (candidate.column === null) return 'is on an expression'
  if (candidate.columns !== 1) return 'has several columns'
  if (candidate.partial) return 'is partial'
  if (!candidate.valid) return 'is not valid'
  if (!candidate.ordered) return 'does not have the order of its column (another operator class or collation)'
  if (candidate.notNull !== true) return `is on ${candidate.column}, which may be NULL`
  if (set.includes(candidate.column)) return `is on ${candidate.column}, which this backfill changes`
  return undefined
}

function byPreference(a: KeyCandidate, b: KeyCandidate): number {
  if (a.primary !== b.primary) return a.primary ? -1 : 1
  const size = ({ length }: KeyCandidate): number => (length === null || length < 0 ? Number.POSITIVE_INFINITY : length)
  return size(a) === size(b) ? 0 : size(a) - size(b)
}
