import {
  type CompiledBackfill,
  isPhasegateError,
  type MapColumns,
  type MapForm,
  nearestName,
  type PhasegateError,
  type RowChange,
  type RowRead,
} from '@phasegate/core'
import { mapFailed } from '../backfill-errors.js'
import { rowValue, textOfValue } from './map-values.js'

/** Did the author's function throw, for one row at least of those that it was given? */
export const mapThrew = (error: unknown): boolean => isPhasegateError(error) && error.meta?.threw === true

/**
 * Runs the author's function over rows and reads what it gives, checked down to every value.
 *
 * @throws `BACKFILL.MAP` with the keys of the batch, before anything was written
 */
export async function mapRows(
  backfill: CompiledBackfill,
  form: MapForm,
  columns: MapColumns,
  rows: readonly RowRead[],
): Promise<readonly RowChange[]> {
  if (rows.length === 0) return []
  const refuse = (why: string, key?: string): PhasegateError =>
    mapFailed(backfill, key === undefined ? rows.map((row) => row.key) : [key], why)
  const given = rows.map(({ texts }) =>
    Object.freeze(
      Object.fromEntries(columns.read.map((column, index) => [column.name, rowValue(column, texts[index] ?? null)])),
    ),
  )
  let results: unknown
  try {
    results = await form.map(given)
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown)
    throw mapFailed(
      backfill,
      rows.map((row) => row.key),
      `it threw ${said}`,
      thrown,
      true,
    )
  }
  if (!Array.isArray(results)) throw refuse(`it gave ${describe(results)} and not a list`)
  if (results.length !== rows.length)
    throw refuse(
      `it gave ${results.length} results for ${rows.length} rows; one for each, in the same order, is wanted`,
    )
  return rows.map((row, index) => ({
    ...row,
    set: readChange(results[index], columns, (why) => refuse(why, row.key)),
  }))
}

function readChange(
  change: unknown,
  { written }: MapColumns,
  refuse: (why: string) => PhasegateError,
): RowChange['set'] {
  if (change === null || change === undefined) return {}
  if (typeof change !== 'object' || Array.isArray(change) || change instanceof Uint8Array)
    throw refuse(`it gave ${describe(change)} for a row, and not an object of columns`)
  const entries = Object.entries(change).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const column = written.find((one) => one.name === name)
      if (column === undefined)
        throw refuse(`it gave a value for ${name}, which set does not name${meant(name, written)}`)
      const text = textOfValue(column, value)
      if (text === undefined)
        throw refuse(
          `it gave ${describe(value)} for ${name}; a column takes a string, number, bigint, boolean, bytes (a binary column) or null`,
        )
      return [name, text]
    }),
  )
}

function meant(name: string, written: MapColumns['written']): string {
  const nearest = nearestName(
    name,
    written.map((column) => column.name),
  )
  return nearest === undefined ? '' : ` (did you mean ${nearest}?)`
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'number') return `the number ${value}`
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'object'}` : `a ${typeof value}`
}
