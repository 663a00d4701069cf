import type { MapFunction } from '../authoring/map-function.js'
import type { QualifiedName } from './database-object.js'

/** What a backfill does to the rows that `where` selects, where it is not one expression a column (`set`). */
export type BackfillForm = DeleteForm | CopyForm | MapForm

/** `{ table, delete: true, where }`: the rows are removed. */
export interface DeleteForm {
  readonly kind: 'delete'
}

/** `{ from, into, select, onConflict }`: another table gets a row for each of them. */
export interface CopyForm {
  readonly kind: 'copy'
  readonly into: QualifiedName
  /** Columns of `into`, each with an expression over the row that is walked over. */
  readonly select: readonly { readonly column: string; readonly expression: string }[]
  readonly onConflict: {
    /** Columns of `into` that find the row which is there already. */
    readonly columns: readonly string[]
    /** What becomes of that row. */
    readonly do: 'nothing' | 'update'
  }
}

/** `{ table, select, map, set }`: columns get values that a function computes. The function is never part of any JSON. */
export interface MapForm {
  readonly kind: 'map'
  /** Columns that the function reads. */
  readonly select: readonly string[]
  /** Columns that it may give. */
  readonly set: readonly string[]
  readonly map: MapFunction
  /** Stands for the function in the fingerprint. */
  readonly version: string
  /** The author's word that the same row always gets the same values. */
  readonly deterministic: boolean
}

/** Columns of its own table that a backfill writes. */
export function columnsWritten(backfill: {
  readonly set: readonly { readonly column: string }[]
  readonly form?: BackfillForm
}): readonly string[] {
  return backfill.form?.kind === 'map' ? backfill.form.set : backfill.set.map(({ column }) => column)
}
