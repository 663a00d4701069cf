import type { DefaultValue } from '../authoring/operation.js'
import { isSqlFragment, type Quoting, renderSql } from '../authoring/sql.js'

/** A default as it stands behind DEFAULT: a literal, or the author's expression. */
export function defaultText(value: DefaultValue, quoting: Quoting): string {
  return isSqlFragment(value) ? renderSql(value, quoting).trim() : quoting.literal(value)
}
