import type { QualifiedName } from './database-object.js'

/** What a backfill does to the rows that `where` selects, where it is not one expression a column (`set`). */
export type BackfillForm = DeleteForm | CopyForm

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
