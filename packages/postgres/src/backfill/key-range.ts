import type { BackfillKey, CompiledBackfill } from '@phasegate/core'
import { asRow, keyColumns, keyValues } from './key-form.js'
import { opaque } from './opaque.js'

/** Keys in (after, upTo]. Both are numbers of parameters that carry keys as texts; `after` undefined is unbounded. */
export interface KeyRange {
  readonly after: number | undefined
  readonly upTo: number
  /** In how many of the first columns the two ends are equal; see `commonColumns`. Default 0. */
  readonly common?: number
}

/**
 * The range as a condition that every version reads from the index as no more than the range.
 *
 * A row comparison alone is not one: before PostgreSQL 18 a scan that ends at `(a, b) <= (3, 7)` goes on to the last entry
 * of a = 3, which may be most of the table (measured: 785 index pages instead of 4 on 15.18, for 500 rows of 300,000). So
 * the columns in which both ends agree are compared by `=`, and where the ends are apart the range is taken in pieces,
 * each by plain comparisons: beyond `after` in its own group, the groups between, and those columns that `upTo` shares.
 * Two texts may be one value (a collation that ignores case); then the pieces are too much, and the row comparisons,
 * hidden from the planner, say what is right.
 */
export function keyRange(backfill: CompiledBackfill, key: BackfillKey, range: KeyRange): string {
  const all = keyColumns(backfill, key)
  const low = range.after === undefined ? undefined : keyValues(`$${range.after}::text`, key)
  const high = keyValues(`$${range.upTo}::text`, key)
  const common = low === undefined ? 0 : Math.min(range.common ?? 0, all.length - 1)
  const equal = all.slice(0, common).map((column, position) => `${column} = ${high[position]}`)
  const columns = all.slice(common)
  const from = low?.slice(common)
  const to = high.slice(common)
  const exact = [
    ...(from === undefined ? [] : [`${asRow(columns)} > ${asRow(from)}`]),
    `${asRow(columns)} <= ${asRow(to)}`,
  ]
  if (columns.length === 1) return [...equal, ...exact].join(' AND ')
  return [...equal, `(${pieces(columns, from, to).join(' OR ')})`, opaque(exact.join(' AND '))].join(' AND ')
}

function pieces(
  columns: readonly string[],
  from: readonly string[] | undefined,
  to: readonly string[],
): readonly string[] {
  const [column, ...others] = columns
  const upper = others.map((other, position) => {
    const shared = columns.slice(0, position + 1).map((one, at) => `${one} = ${to[at]}`)
    const operator = position === others.length - 1 ? '<=' : '<'
    return `(${[...shared, `${other} ${operator} ${to[position + 1]}`].join(' AND ')})`
  })
  if (from === undefined) return [`${column} < ${to[0]}`, ...upper]
  return [
    `(${column} = ${from[0]} AND ${asRow(others)} > ${asRow(from.slice(1))})`,
    `(${column} > ${from[0]} AND ${column} < ${to[0]})`,
    ...upper,
  ]
}
