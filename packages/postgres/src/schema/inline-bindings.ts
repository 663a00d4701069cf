import type { SqlValue } from '@phasegate/core'
import { postgresQuoting } from '../quoting.js'
import { unboundRefused } from './schema-errors.js'

/** A string, a quoted name, an escaped question mark, or a placeholder. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\\\?|\?\??/g

/**
 * Writes bindings into compiled SQL as literals, so that the plan shows the very statement that runs. knex leaves
 * `check('?? > 0')` without its name and a `?` without its value in the text; both are refused.
 */
export function inlineBindings(sql: string, bindings: readonly unknown[]): string {
  let used = 0
  const text = sql.replace(TOKEN, (token) => {
    if (token === '\\?') return '?'
    if (token !== '?') {
      if (token === '??') throw unboundRefused(sql, 'a ?? that has no name')
      return token
    }
    if (used >= bindings.length) throw unboundRefused(sql, 'a ? that has no value')
    return postgresQuoting.literal(bindings[used++] as SqlValue)
  })
  if (used < bindings.length) throw unboundRefused(sql, 'more values than it has places for')
  return text
}
