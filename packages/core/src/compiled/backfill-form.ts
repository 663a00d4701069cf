/** What a backfill does to the rows that `where` selects, where it is not one expression a column (`set`). */
export type BackfillForm = DeleteForm

/** `{ table, delete: true, where }`: the rows are removed. */
export interface DeleteForm {
  readonly kind: 'delete'
}
