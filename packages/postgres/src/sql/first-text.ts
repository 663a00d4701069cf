/**
 * The first text value of a one-row, one-column answer, whatever the driver, a name mapper or a row mode made of the row:
 * `{ rows: [{ journal: '…' }] }`, `[{ JOURNAL: '…' }]`, `[['…']]`. Undefined where there is no row.
 */
export function firstText(answer: unknown): string | undefined {
  const rows = isRecord(answer) && Array.isArray(answer.rows) ? answer.rows : answer
  return firstString(rows, 3)
}

function firstString(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value
  if (depth === 0 || typeof value !== 'object' || value === null) return undefined
  for (const inner of Object.values(value)) {
    const found = firstString(inner, depth - 1)
    if (found !== undefined) return found
  }
  return undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
