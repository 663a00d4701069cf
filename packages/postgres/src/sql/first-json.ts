/**
 * The JSON text of a one-row, one-column answer, whatever the driver, a name mapper or a row mode made of the answer:
 * `{ rows: [{ journal: '{…}' }] }`, `{ ROWS: [{ JOURNAL: '{…}' }] }`, `[['{…}']]`. Undefined where there is no row.
 */
export function firstJson(answer: unknown, depth = 3): string | undefined {
  if (typeof answer === 'string') return answer.startsWith('{') ? answer : undefined
  if (depth === 0 || typeof answer !== 'object' || answer === null) return undefined
  for (const inner of Object.values(answer)) {
    const found = firstJson(inner, depth - 1)
    if (found !== undefined) return found
  }
  return undefined
}
