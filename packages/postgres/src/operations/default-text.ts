import { type DefaultValue, isSqlFragment, renderSql } from '@phasegate/core'
import { postgresQuoting } from '../quoting.js'

/** A default as it stands behind DEFAULT: a literal, or the author's expression. */
export function defaultText(value: DefaultValue): string {
  return isSqlFragment(value) ? renderSql(value, postgresQuoting).trim() : postgresQuoting.literal(value)
}
