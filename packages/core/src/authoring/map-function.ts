/**
 * A row as `map` gets it, with the columns of `select`. Whole numbers of up to 32 bits and floats are numbers, PostgreSQL's
 * booleans are booleans, binary columns are bytes; everything else (bigint, decimal, dates, json, uuid, text) is the text
 * that the database writes, so that no digit is lost.
 */
export type MapRow = Readonly<Record<string, MapRowValue>>
export type MapRowValue = string | number | boolean | Uint8Array | null

/** Values for columns of `set`; a text is cast by the server. */
export type MapChange = Readonly<Record<string, MapValue>>
export type MapValue = string | number | bigint | boolean | Uint8Array | null

/**
 * Gives for each row, in the same order, the columns to set, or null for a row that is left as it is. It may be called
 * again for the same rows: after a conflict, after a crash, for verification.
 */
export type MapFunction = (
  rows: readonly MapRow[],
) => Promise<readonly (MapChange | null | undefined)[]> | readonly (MapChange | null | undefined)[]
