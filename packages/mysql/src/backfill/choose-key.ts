import { type BackfillKey, type CompiledBackfill, columnsWritten } from '@phasegate/core'
import { noKey } from './backfill-errors.js'
import { keyTypeFault, keyWidth } from './key-form.js'

export interface KeyCandidateColumn {
  /** Null for an expression. */
  readonly name: string | null
  /** See `keyForm`. */
  readonly type: string | null
  readonly notNull: boolean
  /** Only the first characters of the column: `KEY (name(10))`. */
  readonly prefix: boolean
  readonly descending: boolean
}

/** A unique index, as the catalog holds it. */
export interface KeyCandidate {
  readonly index: string
  readonly primary: boolean
  readonly columns: readonly KeyCandidateColumn[]
  /** The optimizer passes it by (MySQL: INVISIBLE, MariaDB: IGNORED), and FORCE INDEX does not change that. */
  readonly hidden: boolean
  readonly btree: boolean
}

/**
 * The key to walk by: the one that the file names, else the primary key, else the unique index with the fewest columns and
 * the smallest types.
 *
 * @throws `BACKFILL.NO_KEY` naming what is wrong with each index that there is
 */
export function chooseKey(backfill: CompiledBackfill, candidates: readonly KeyCandidate[]): BackfillKey {
  const set = columnsWritten(backfill).map((column) => column.toLowerCase())
  const wanted = backfill.key
  const offered = wanted === undefined ? candidates : candidates.filter((candidate) => isOver(candidate, wanted))
  const judged = offered.map((candidate) => ({ candidate, fault: faultOf(candidate, set) }))
  const [best] = judged.flatMap(({ candidate, fault }) => (fault === undefined ? [candidate] : [])).sort(byPreference)
  if (best !== undefined) return keyOf(best)
  const faults = judged.map(({ candidate, fault }) => `${candidate.index} ${fault}`)
  throw noKey(backfill, faults.length > 0 ? `Of the unique indexes, ${faults.join('; ')}.` : noneOf(wanted, candidates))
}

function noneOf(wanted: readonly string[] | undefined, candidates: readonly KeyCandidate[]): string {
  if (wanted === undefined) return 'There is no unique index.'
  const others = candidates.map(
    ({ index, columns }) => `${index} (${columns.map(({ name }) => name ?? '…').join(', ')})`,
  )
  const found = others.length === 0 ? 'none at all' : others.join(', ')
  return `There is no unique index on exactly (${wanted.join(', ')}), in that order; there is ${found}.`
}

const isOver = ({ columns }: KeyCandidate, wanted: readonly string[]): boolean =>
  columns.length === wanted.length &&
  columns.every(({ name }, position) => name?.toLowerCase() === wanted[position]?.toLowerCase())

function keyOf({ index, columns }: KeyCandidate): BackfillKey {
  return { columns: columns.map(({ name, type }) => ({ name: name ?? '', type: type ?? '' })), index }
}

function faultOf({ columns, hidden, btree }: KeyCandidate, set: readonly string[]): string | undefined {
  if (columns.some(({ name, type }) => name === null || type === null)) return 'is on an expression'
  const prefix = columns.find((column) => column.prefix)
  if (prefix !== undefined) return `holds a prefix of ${prefix.name} only`
  if (hidden) return 'is hidden from the optimizer'
  if (!btree) return 'is no btree'
  if (columns.some(({ descending }) => descending !== columns[0]?.descending))
    return 'has columns in different directions, which no comparison of rows can follow'
  const nullable = columns.find(({ notNull }) => !notNull)
  if (nullable !== undefined) return `is on ${nullable.name}, which may be NULL`
  const changed = columns.find(({ name }) => set.includes(name?.toLowerCase() ?? ''))
  if (changed !== undefined) return `is on ${changed.name}, which this backfill changes`
  const [fault] = columns.flatMap(({ name, type }) => {
    const wrong = keyTypeFault(type ?? '')
    return wrong === undefined ? [] : [`is on ${name}, which is ${wrong}`]
  })
  return fault
}

function byPreference(a: KeyCandidate, b: KeyCandidate): number {
  if (a.primary !== b.primary) return a.primary ? -1 : 1
  if (a.columns.length !== b.columns.length) return a.columns.length - b.columns.length
  return width(a) - width(b)
}

const width = ({ columns }: KeyCandidate): number => columns.reduce((sum, { type }) => sum + keyWidth(type ?? ''), 0)
