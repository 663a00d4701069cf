/** Where drivers and mappers keep the error that the server sent. */
const INSIDE = ['cause', 'original', 'parent', 'driverError', 'originalError', 'meta'] as const

/** Does `test` hold of the error, or of the one that a query builder wrapped in it? */
export function carriesError(
  error: unknown,
  test: (fields: Readonly<Record<string, unknown>>) => boolean,
  depth = 4,
): boolean {
  if (typeof error !== 'object' || error === null || depth === 0) return false
  const fields = error as Readonly<Record<string, unknown>>
  return test(fields) || INSIDE.some((key) => carriesError(fields[key], test, depth - 1))
}
