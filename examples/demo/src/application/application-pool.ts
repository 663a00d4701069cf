import type { StatusOptions } from '@phasegate/status'

export type Row = Readonly<Record<string, unknown>>

/** The few things that the application asks of a database, in SQL that every one of them understands; `?` is a value. */
export interface ApplicationPool {
  /** The driver's pool, for `createStatus`. */
  readonly client: StatusOptions['database']
  /** The first row, if any. */
  one(text: string, values: readonly unknown[]): Promise<Row | undefined>
  /** How many rows an UPDATE found. */
  change(text: string, values: readonly unknown[]): Promise<number>
  /** The id of a new row. */
  insert(text: string, values: readonly unknown[]): Promise<string>
  end(): Promise<void>
}
