import type { DatabaseObject } from '@phasegate/core'
import type { Node, RangeVar } from 'libpg-query'

/** A name of the catalog, qualified where it was written so. */
export interface QualifiedName {
  readonly schema?: string
  readonly name: string
}

export function relationName(relation: RangeVar | undefined): QualifiedName {
  return qualified(relation?.schemaname, relation?.relname ?? '')
}

/** `billing.invoice`, for messages and lock lists. */
export function displayName(name: QualifiedName): string {
  return name.schema === undefined ? name.name : `${name.schema}.${name.name}`
}

export function qualified(schema: string | undefined, name: string): QualifiedName {
  return schema === undefined || schema === '' ? { name } : { schema, name }
}

/** The strings of a node list: a dotted name, a column list. Nodes that are no strings are left out. */
export function strings(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => ('String' in node ? [node.String.sval ?? ''] : []))
}

/** The last two parts of a dotted name: a database in front of it says nothing. */
export function dottedName(parts: readonly string[]): QualifiedName {
  return qualified(parts.at(-2), parts.at(-1) ?? '')
}

export function nameOfNodes(nodes: readonly Node[] | undefined): QualifiedName {
  return dottedName(strings(nodes))
}

/** The name that a node stands for in DROP, ALTER, COMMENT: a list, a string, a type or a function with arguments. */
export function namePartsOf(node: Node | undefined): string[] {
  if (node === undefined) return []
  if ('String' in node) return [node.String.sval ?? '']
  if ('List' in node) return strings(node.List.items)
  if ('TypeName' in node) return strings(node.TypeName.names)
  if ('ObjectWithArgs' in node) return strings(node.ObjectWithArgs.objname)
  if ('RangeVar' in node) {
    const { schema, name } = relationName(node.RangeVar)
    return schema === undefined ? [name] : [schema, name]
  }
  return []
}

/** A column, constraint or trigger of a table. */
export function partOf(table: QualifiedName, type: 'column' | 'constraint' | 'trigger', name: string): DatabaseObject {
  return { type, ...(table.schema === undefined ? {} : { schema: table.schema }), table: table.name, name }
}
