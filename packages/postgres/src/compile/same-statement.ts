import type { ParsedStatement } from '../parse/parse-statements.js'

/** Do two statements say the same, whatever their layout, their quotes and the case of their keywords? */
export function sameStatement(a: ParsedStatement, b: ParsedStatement): boolean {
  return withoutPlaces(a.node) === withoutPlaces(b.node)
}

/** Places in the text are no part of what a statement says. */
function withoutPlaces(node: ParsedStatement['node']): string {
  return JSON.stringify(node, (key, value: unknown) => (key.endsWith('location') ? undefined : value))
}
