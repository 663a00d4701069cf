import { EXIT, PhasegateError } from '../error/phasegate-error.js'

/** A value that `sql` can carry; the dialect writes it as a literal, so that plan shows the very statement. */
export type SqlValue = string | number | bigint | boolean | null | Date | Uint8Array

/** A quoted identifier, made by `sql.id`. */
export interface SqlIdentifier {
  readonly kind: 'identifier'
  readonly names: readonly string[]
}

/** Raw SQL with bound values and quoted identifiers, made by the `sql` tag. Inert: it runs nothing. */
export interface SqlFragment {
  readonly kind: 'sql'
  readonly strings: readonly string[]
  readonly values: readonly (SqlValue | SqlIdentifier | SqlFragment)[]
  /** `sql.verbatim`: not lifted to a safe operation; the safety check judges it as written. */
  readonly verbatim: boolean
}

/** How a dialect writes values and names; see `renderSql`. */
export interface Quoting {
  identifier(names: readonly string[]): string
  /** Throws `SQL.VALUE` for what it cannot write safely (NaN, an invalid date). */
  literal(value: SqlValue): string
}

function fragment(strings: readonly string[], values: SqlFragment['values'], verbatim: boolean): SqlFragment {
  for (const value of values) assertSqlValue(value)
  return Object.freeze({ kind: 'sql', strings: [...strings], values: [...values], verbatim })
}

function assertSqlValue(value: unknown): void {
  const primitive = value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
  if (primitive || value instanceof Date || value instanceof Uint8Array) return
  if (typeof value === 'object' && value !== null && 'kind' in value) {
    if (value.kind === 'sql' || value.kind === 'identifier') return
  }
  throw new PhasegateError({
    code: 'SQL.VALUE',
    message: `A value of type ${value === undefined ? 'undefined' : typeof value} cannot stand in sql\`…\`.`,
    why: 'sql takes strings, numbers, bigints, booleans, null, dates, bytes, sql.id(…) and other sql`…` fragments.',
    next: ['Convert the value first, for example JSON.stringify(value) with a ::jsonb cast in the SQL.'],
    exit: EXIT.usage,
  })
}

/**
 * Raw SQL. Values in `${…}` are written as literals by the dialect, never spliced as text; names go through `sql.id`.
 *
 * @example
 * sql`UPDATE ${sql.id('users')} SET plan = ${'free'} WHERE plan IS NULL`
 * @throws `SQL.VALUE` for a value that is not an `SqlValue`, `sql.id(…)` or another fragment
 */
export function sql(strings: TemplateStringsArray, ...values: SqlFragment['values']): SqlFragment {
  return fragment(strings, values, false)
}

/** An identifier, quoted by the dialect: `sql.id('public', 'users')`. */
sql.id = (...names: readonly [string, ...string[]]): SqlIdentifier => Object.freeze({ kind: 'identifier', names })

/** SQL text as it is, for what is built elsewhere. The text is trusted: never put user input in it. */
sql.raw = (text: string): SqlFragment => fragment([text], [], false)

/** Like the tag itself, but never lifted to a safe operation (SQL files: `-- verbatim`). */
sql.verbatim = (strings: TemplateStringsArray, ...values: SqlFragment['values']): SqlFragment =>
  fragment(strings, values, true)

export function isSqlFragment(value: unknown): value is SqlFragment {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'sql'
}

/** Writes a fragment as the text that will run. */
export function renderSql(source: SqlFragment, quoting: Quoting): string {
  return source.strings.reduce((text, part, index) => {
    if (index === 0) return part
    const value = source.values[index - 1]!
    if (typeof value === 'object' && value !== null && 'kind' in value) {
      return text + (value.kind === 'sql' ? renderSql(value, quoting) : quoting.identifier(value.names)) + part
    }
    return text + quoting.literal(value) + part
  }, '')
}
