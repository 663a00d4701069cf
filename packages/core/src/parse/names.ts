import type { DatabaseObject, QualifiedName } from '../compiled/database-object.js'

export function qualified(schema: string | undefined, name: string): QualifiedName {
  return schema === undefined || schema === '' ? { name } : { schema, name }
}

/** The last two parts of a dotted name: a database in front of it says nothing. */
export function dottedName(parts: readonly string[]): QualifiedName {
  return qualified(parts.at(-2), parts.at(-1) ?? '')
}

/** A column, constraint or trigger of a table. */
export function partOf(table: QualifiedName, type: 'column' | 'constraint' | 'trigger', name: string): DatabaseObject {
  return { type, ...(table.schema === undefined ? {} : { schema: table.schema }), table: table.name, name }
}
