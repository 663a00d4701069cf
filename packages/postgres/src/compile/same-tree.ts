import type { ParsedStatement } from '../parse/parse-statements.js'

/** Do two statements say the same, whatever their layout, their quotes and the case of their keywords? */
export function sameTree(a: ParsedStatement['node'], b: ParsedStatement['node']): boolean {
  return withoutPlaces(a) === withoutPlaces(b)
}

/** Places in the text are no part of what a statement says. */
function withoutPlaces(node: ParsedStatement['node']): string {
  return JSON.stringify(node, (key, value: unknown) => (key.endsWith('location') ? undefined : value))
}
