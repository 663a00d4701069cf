import { type BackfillKey, type CompiledBackfill, columnsWritten } from '@phasegate/core'
import { noKey } from './backfill-errors.js'
import { keyTypeFault, keyWidth } from './key-form.js'

/** A unique index, as the catalog holds it. */
export interface KeyCandidate {
  readonly index: string
  readonly primary: boolean
  readonly columns: number
  /** The first column; null for an expression. */
  readonly column: string | null
  /** See `keyForm`. */
  readonly type: string | null
  readonly notNull: boolean
  /** Holds the first characters of the column only: `KEY (name(10))`. */
  readonly prefix: boolean
  /** The optimizer passes it by (MySQL: INVISIBLE, MariaDB: IGNORED), and FORCE INDEX does not change that. */
  readonly hidden: boolean
  readonly btree: boolean
}

/**
 * The key to walk by: the one that the file names, else the primary key, else the unique index with the smallest type.
 *
 * @throws `BACKFILL.NO_KEY` naming what is wrong with each index that there is
 */
export function chooseKey(backfill: CompiledBackfill, candidates: readonly KeyCandidate[]): BackfillKey {
  const set = columnsWritten(backfill).map((column) => column.toLowerCase())
  const wanted = backfill.key?.toLowerCase()
  const offered =
    wanted === undefined ? candidates : candidates.filter((candidate) => candidate.column?.toLowerCase() === wanted)
  const judged = offered.map((candidate) => ({ candidate, fault: faultOf(candidate, set) }))
  const [best] = judged.flatMap(({ candidate, fault }) => (fault === undefined ? [candidate] : [])).sort(byPreference)
  if (best?.column != null && best.type != null)
    return { columns: [{ name: best.column, type: best.type }], index: best.index }
  const faults = judged.map(({ candidate, fault }) => `${candidate.index} ${fault}`)
  const found = faults.length === 0 ? 'There is no unique index' : `Of the unique indexes, ${faults.join('; ')}`
  throw noKey(backfill, `${found}${backfill.key === undefined ? '' : ` (asked for: ${backfill.key})`}.`)
}

function faultOf(candidate: KeyCandidate, set: readonly string[]): string | undefined {
  const { column, type } = candidate
  if (candidate.columns !== 1) return 'has several columns'
  if (column === null || type === null) return 'is on an expression'
  if (candidate.prefix) return `holds a prefix of ${column} only`
  if (candidate.hidden) return 'is hidden from the optimizer'
  if (!candidate.btree) return 'is no btree'
  if (!candidate.notNull) return `is on ${column}, which may be NULL`
  if (set.includes(column.toLowerCase())) return `is on ${column}, which this backfill changes`
  const fault = keyTypeFault(type)
  return fault === undefined ? undefined : `is on ${column}, which is ${fault}`
}

function byPreference(a: KeyCandidate, b: KeyCandidate): number {
  if (a.primary !== b.primary) return a.primary ? -1 : 1
  return keyWidth(a.type ?? '') - keyWidth(b.type ?? '')
}
