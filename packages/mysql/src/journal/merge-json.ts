export interface MergeJson {
  /** An expression that gives the merged document. */
  readonly expression: string
  readonly values: readonly string[]
}

/**
 * Sets these keys of a JSON column and leaves the others, as PostgreSQL's `||` does. Not JSON_MERGE_PATCH, which drops
 * keys whose value is null and merges what is inside.
 */
export function mergeJson(column: string, changes: Readonly<Record<string, unknown>>): MergeJson {
  const entries = Object.entries(changes).filter(([, value]) => value !== undefined)
  if (entries.length === 0) return { expression: column, values: [] }
  return {
    // JSON_EXTRACT of a text is JSON on both servers; MariaDB has no CAST to it.
    expression: `JSON_SET(${column}${entries.map(() => `, ?, JSON_EXTRACT(?, '$')`).join('')})`,
    values: entries.flatMap(([key, value]) => [`$.${JSON.stringify(key)}`, JSON.stringify(value)]),
  }
}
