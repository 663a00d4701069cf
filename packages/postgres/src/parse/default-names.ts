/** NAMEDATALEN - 1 bytes: what PostgreSQL keeps of a name. */
const NAME_BYTES = 63

/**
 * The name that PostgreSQL gives an index or constraint which was written without one: `users_email_key`. Parts too long
 * together are shortened, the longer one first (PostgreSQL source: makeObjectName). PostgreSQL would number a name that is
 * taken already; this cannot, so that one is an error when it runs.
 */
export function defaultName(table: string, columns: readonly string[], label: string): string {
  let first = table
  let second = columns.join('_')
  const room = NAME_BYTES - label.length - 1 - (second === '' ? 0 : 1)
  while (Buffer.byteLength(first) + Buffer.byteLength(second) > room) {
    if (Buffer.byteLength(first) > Buffer.byteLength(second)) first = withoutLastCharacter(first)
    else second = withoutLastCharacter(second)
  }
  return [first, second, label].filter((part) => part !== '').join('_')
}

function withoutLastCharacter(text: string): string {
  return [...text].slice(0, -1).join('')
}
