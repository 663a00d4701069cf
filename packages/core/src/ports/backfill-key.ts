export interface BackfillKeyColumn {
  readonly name: string
  /** The server's name of the type, for the cast. */
  readonly type: string
}

/**
 * The columns a backfill walks by, in the order of their index. Keys travel as text and are cast back by the server: one
 * column as the database writes it, several as a JSON array of such texts. Only the dialect that made a key reads it.
 */
export interface BackfillKey {
  readonly columns: readonly BackfillKeyColumn[]
  readonly index: string
  /** One column of whole numbers, whose text is the number. */
  readonly wholeNumbers?: true
  /** Each key is a page of the table, with any number of rows. */
  readonly pages?: true
  /** Why it is walked by this, where that is no index: for people. */
  readonly because?: string
}

/** The same for the same columns and types, whatever the index is called. */
export function keyName({ columns }: BackfillKey): string {
  return JSON.stringify(columns.map(({ name, type }) => [name, type]))
}

export interface BackfillTable {
  readonly key: BackfillKey
  /** The planner's estimate of rows; null where the table was never analysed. */
  readonly estimatedRows: number | null
  readonly bytes: number
}
