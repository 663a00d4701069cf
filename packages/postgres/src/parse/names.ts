import { dottedName, type QualifiedName, qualified } from '@phasegate/core'
import type { Node, RangeVar } from 'libpg-query'

export function relationName(relation: RangeVar | undefined): QualifiedName {
  return qualified(relation?.schemaname, relation?.relname ?? '')
}

/** The strings of a node list: a dotted name, a column list. Nodes that are no strings are left out. */
export function strings(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => ('String' in node ? [node.String.sval ?? ''] : []))
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
