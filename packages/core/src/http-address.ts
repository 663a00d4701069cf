/**
 * What fetch takes of a URL: it refuses one with user and password, by an error that quotes them. They are sent as HTTP
 * Basic.
 */
export function withoutCredentials(url: string | URL): {
  readonly address: URL
  readonly headers: Readonly<Record<string, string>>
} {
  const address = new URL(url)
  const { username, password } = address
  if (username === '' && password === '') return { address, headers: {} }
  address.username = ''
  address.password = ''
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { address, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } }
}

/** What the network said: `fetch failed` has it as its cause. */
export function fetchProblem(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  // An AggregateError, of a name with several addresses, has no message.
  return cause.message || ('code' in cause ? String(cause.code) : cause.name)
}
