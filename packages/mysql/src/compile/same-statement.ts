import type { ParsedStatement } from '../parse/statement-tree.js'
import { canonicalSql } from '../parse/tokens.js'

/** Do two statements say the same, whatever their layout, their quotes and the case of their keywords? */
export function sameStatement(a: ParsedStatement, b: ParsedStatement): boolean {
  return canonicalSql(a.text, a.file) === canonicalSql(b.text, b.file)
}
