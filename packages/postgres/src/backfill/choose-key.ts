import { type BackfillKey, type CompiledBackfill, columnsWritten } from '@phasegate/core'
import { noKey } from './backfill-errors.js'

export interface KeyCandidateColumn {
  /** Null for an expression. */
  readonly name: string | null
  readonly type: string | null
  readonly notNull: boolean | null
  /** Bytes of the type, -1 where they vary. */
  readonly length: number | null
  /** Has a collation. */
  readonly collated: boolean | null
  /** In the column's own order and collation. */
  readonly ordered: boolean
  /** `pg_index.indoption`: 0 is `ASC NULLS LAST`, 3 `DESC NULLS FIRST`, the same read from its end. */
  readonly option: number
}

/** A unique index, as the catalog holds it. */
export interface KeyCandidate {
  readonly index: string
  readonly primary: boolean
  readonly valid: boolean
  readonly partial: boolean
  readonly btree: boolean
  /** Key columns, INCLUDE columns left out. */
  readonly columns: readonly KeyCandidateColumn[]
}

/**
 * The key to walk by: the one that the file names, else the primary key, else the unique index with the fewest columns and
 * the smallest types.
 *
 * @throws `BACKFILL.NO_KEY` naming what is wrong with each index that there is
 */
export function chooseKey(backfill: CompiledBackfill, candidates: readonly KeyCandidate[]): BackfillKey {
  const set = columnsWritten(backfill)
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
  columns.length === wanted.length && columns.every(({ name }, position) => name === wanted[position])

function keyOf({ index, columns }: KeyCandidate): BackfillKey {
  return { columns: columns.map(({ name, type }) => ({ name: name ?? '', type: type ?? '' })), index }
}

function faultOf({ columns, partial, valid, btree }: KeyCandidate, set: readonly string[]): string | undefined {
  if (columns.some(({ name }) => name === null)) return 'is on an expression'
  if (partial) return 'is partial'
  if (!valid) return 'is not valid'
  if (!btree) return 'is no btree'
  if (!columns.every(({ ordered }) => ordered))
    return 'does not have the order of its column (another operator class or collation)'
  const [first] = columns
  if (!columns.every(({ option }) => option === first?.option))
    return 'has columns in different directions, which no comparison of rows can follow'
  if (first?.option !== 0 && first?.option !== 3)
    return 'has NULLs at the other end than usual, so that it cannot be read in key order'
  const nullable = columns.find(({ notNull }) => notNull !== true)
  if (nullable !== undefined) return `is on ${nullable.name}, which may be NULL`
  const changed = columns.find(({ name }) => set.includes(name ?? ''))
  return changed === undefined ? undefined : `is on ${changed.name}, which this backfill changes`
}

function byPreference(a: KeyCandidate, b: KeyCandidate): number {
  if (a.primary !== b.primary) return a.primary ? -1 : 1
  if (a.columns.length !== b.columns.length) return a.columns.length - b.columns.length
  return sizeOf(a) - sizeOf(b)
}

/** Bytes; for types of any length more than any other, and most for those that are compared by a collation. */
function sizeOf({ columns }: KeyCandidate): number {
  const size = ({ length, collated }: KeyCandidateColumn): number =>
    collated === true ? 10_000 : length === null || length < 0 ? 1000 : length
  return columns.reduce((sum, column) => sum + size(column), 0)
}
