import type { QualifiedName } from '@phasegate/core'
import { quoteTable } from '@phasegate/core'
import type { AlterTable } from '../parse/statement-tree.js'
import { mysqlQuoting } from '../quoting.js'
import { text } from './catalog-conditions.js'

/**
 * ms. The server reads INNODB_TABLES under the metadata lock of every table that it has, one after the other, so that any
 * DDL which waits anywhere would hold us up for many times the lock timeout (measured on MySQL 9.7.4). Cut short, it says
 * nothing, and the server refuses by itself what it cannot do.
 */
const PATIENCE = 500

/**
 * A table takes so many instant ADD and DROP COLUMN before it must be rebuilt: 64, from 9.1 on 255 (MySQL Reference Manual,
 * "Online DDL Operations"; error 4092). The query gives a text when they are used up. InnoDB writes names in its own
 * encoding; where it is not known here (letters beyond ASCII) nothing is found, and the server says it by itself.
 *
 * @param limit `Capabilities.rowVersions`
 */
export function rowVersionsLeft({ table, clauses, online }: AlterTable, limit: number | undefined): string | undefined {
  const counts = clauses.some(({ kind }) => kind === 'add column' || kind === 'drop column')
  const name = innodbName(table)
  if (limit === undefined || online.algorithm !== 'INSTANT' || !counts || name === undefined) return undefined
  const target = quoteTable(table, mysqlQuoting)
  const says = `${target} has had all its instant changes (`
  const next = `). Rebuild it once, beside all traffic: ALTER TABLE ${target} ENGINE=InnoDB, ALGORITHM=INPLACE, LOCK=NONE`
  return [
    `SELECT /*+ MAX_EXECUTION_TIME(${PATIENCE}) */ CONCAT(${text(says)}, MAX(TOTAL_ROW_VERSIONS), ' of ${limit}', ${text(next)})`,
    // A partition stands behind a #, which is encoded in a name.
    `FROM information_schema.INNODB_TABLES WHERE SUBSTRING_INDEX(NAME, '#', 1) = ${name}`,
    `HAVING MAX(TOTAL_ROW_VERSIONS) >= ${limit}`,
  ].join(' ')
}

function innodbName({ schema, name }: QualifiedName): string | undefined {
  const table = encoded(name)
  if (table === undefined) return undefined
  if (schema === undefined) return `CONCAT(DATABASE(), ${text(`/${table}`)})`
  const database = encoded(schema)
  return database === undefined ? undefined : text(`${database}/${table}`)
}

/** MySQL Reference Manual, "Mapping of Identifiers to File Names": all but letters, digits and `_` as `@` and four digits. */
function encoded(name: string): string | undefined {
  if (!/^[\0-\x7f]*$/.test(name)) return undefined
  return name.replace(/[^A-Za-z0-9_]/g, (character) => `@${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
