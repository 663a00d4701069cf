/** How a column's text stands for a value of JavaScript. `bytes` are hexadecimal. */
export interface MapColumn {
  readonly name: string
  readonly kind: 'number' | 'boolean' | 'bytes' | 'text'
}

/** The columns of a backfill that maps, in the orders of its `select` and `set`. */
export interface MapColumns {
  readonly read: readonly MapColumn[]
  readonly written: readonly MapColumn[]
}

/** A row as it was read for `map`. */
export interface RowRead {
  readonly key: string
  /** Of the columns of `select`, as the database writes them. */
  readonly texts: readonly (string | null)[]
}

/** What `map` made of it: it counts only while the columns that were read are unchanged. */
export interface RowChange extends RowRead {
  /** Texts by column; empty: the row is left as it is. */
  readonly set: Readonly<Record<string, string | null>>
}

/** Which rows to read, of those that `where` selects: keys in (after, end], or these. */
export type RowsAsked = { readonly after: string | null; readonly end: string } | { readonly keys: readonly string[] }
