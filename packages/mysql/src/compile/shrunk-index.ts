import { displayName } from '@phasegate/core'
import type { AlterTable } from '../parse/statement-tree.js'
import { tableFilter, text } from './catalog-conditions.js'

/**
 * MySQL takes a dropped column out of its indexes, so that UNIQUE (a, b) goes on as UNIQUE (a) and refuses rows that were
 * fine (measured on 9.7.4; MariaDB refuses to: error 1072). The query gives a text where that would happen; undefined
 * where no column is dropped.
 */
export function shrunkUniqueIndex({ table, clauses }: AlterTable): string | undefined {
  const columns = clauses.flatMap((clause) => (clause.kind === 'drop column' ? [clause.column] : []))
  if (columns.length === 0) return undefined
  const gone = clauses.flatMap((clause) => {
    if (clause.kind === 'drop primary key') return ['PRIMARY']
    return clause.kind === 'drop index' || clause.kind === 'drop constraint' ? [clause.name] : []
  })
  const list = (names: readonly string[]): string => names.map(text).join(', ')
  const says = ` of ${displayName(table)} is unique over (`
  const next = `), and would be over fewer columns without ${columns.join(', ')}: rows that are fine today would be refused. Drop that index first, or build the one that you want.`
  return [
    `SELECT CONCAT('index ', INDEX_NAME, ${text(says)}, GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX SEPARATOR ', '), ${text(next)}) AS problem`,
    `FROM information_schema.STATISTICS WHERE ${tableFilter(table)} AND NON_UNIQUE = 0`,
    ...(gone.length === 0 ? [] : [`AND INDEX_NAME NOT IN (${list(gone)})`]),
    `GROUP BY INDEX_NAME HAVING SUM(COLUMN_NAME IN (${list(columns)})) BETWEEN 1 AND COUNT(*) - 1 LIMIT 1`,
  ].join(' ')
}
