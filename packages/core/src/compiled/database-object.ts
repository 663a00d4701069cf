/** A name of the catalog, qualified where it was written so. */
export interface QualifiedName {
  readonly schema?: string
  readonly name: string
}

/** A thing in the database that statements create, change or drop. Names are as the catalog holds them. */
export interface DatabaseObject {
  readonly type:
    | 'schema'
    | 'table'
    | 'column'
    | 'index'
    | 'constraint'
    | 'trigger'
    | 'function'
    | 'type'
    | 'view'
    | 'sequence'
    | 'other'
  readonly schema?: string
  /** The table of a column, constraint or trigger. */
  readonly table?: string
  readonly name: string
}

/** `table users`, `column users.email`, for messages. */
export function describeObject(object: DatabaseObject): string {
  const owner = object.table === undefined ? '' : `${object.table}.`
  const schema = object.schema === undefined ? '' : `${object.schema}.`
  return `${object.type} ${schema}${owner}${object.name}`
}

/**
 * Do two names speak of the same thing, or one of a part of the other (a table and its column)? A missing schema matches
 * any, so that the answer errs towards a dependency.
 */
export function overlaps(a: DatabaseObject, b: DatabaseObject): boolean {
  if (a.schema !== undefined && b.schema !== undefined && a.schema !== b.schema) return false
  if (a.type === b.type) return a.name === b.name && a.table === b.table
  if (a.type === 'table') return b.table === a.name
  if (b.type === 'table') return a.table === b.name
  return false
}
