/** A user or role of the server. Without a host it is `%` (MySQL Reference Manual, "Specifying Account Names"). */
export interface Account {
  readonly user: string
  readonly host: string | undefined
}

/**
 * Reads an account as people write it (`app`, `app@10.0.0.%`, `'app'@'%'`) and as CURRENT_USER() gives it (`app@%`). The
 * host begins after the last `@`: a user's name may hold one, a host may not.
 */
export function parseAccount(text: string): Account {
  const at = text.lastIndexOf('@')
  if (at <= 0) return { user: unquoted(text), host: undefined }
  return { user: unquoted(text.slice(0, at)), host: unquoted(text.slice(at + 1)) }
}

/** In backticks, which mean the same in every sql_mode. */
export function quoteAccount({ user, host }: Account): string {
  return host === undefined ? quoteName(user) : `${quoteName(user)}@${quoteName(host)}`
}

export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function unquoted(text: string): string {
  const [, quote, inner] = /^(['"`])(.*)\1$/s.exec(text) ?? []
  return quote === undefined || inner === undefined ? text : inner.replaceAll(quote + quote, quote)
}
