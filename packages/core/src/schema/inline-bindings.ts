import type { Quoting, SqlValue } from '../authoring/sql.js'
import { unboundRefused } from './schema-errors.js'

/**
 * Writes bindings into compiled SQL as literals, so that the plan shows the very statement that runs. knex leaves
 * `check('?? > 0')` without its name and a `?` without its value in the text; both are refused.
 *
 * @param quoted matches a whole string or a whole quoted name of the dialect, in which a question mark means itself
 * @throws `SCHEMA.BINDINGS`
 */
export function inlineBindings(sql: string, bindings: readonly unknown[], quoting: Quoting, quoted: RegExp): string {
  let used = 0
  const token = new RegExp(`${quoted.source}|\\\\\\?|\\?\\??`, 'g')
  const text = sql.replace(token, (found) => {
    if (found === '\\?') return '?'
    if (found !== '?') {
      if (found === '??') throw unboundRefused(sql, 'a ?? that has no name')
      return found
    }
    if (used >= bindings.length) throw unboundRefused(sql, 'a ? that has no value')
    return quoting.literal(bindings[used++] as SqlValue)
  })
  if (used < bindings.length) throw unboundRefused(sql, 'more values than it has places for')
  return text
}
