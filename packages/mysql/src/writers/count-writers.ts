import {
  type QualifiedName,
  quoteTable,
  type SqlLanguage,
  type StepExecution,
  WRITE_INTERVAL_SECONDS,
  type WriterCount,
} from '@phasegate/core'
import { triggerExists } from '../compile/catalog-conditions.js'
import { mysqlQuoting, quoteName } from '../quoting.js'

const EVENTS = { i: 'INSERT', u: 'UPDATE' } as const

/**
 * A table and two triggers. A session that writes the column leaves a row, at most one a minute: rows are only added, and the
 * look for an earlier one takes no lock, so that no two writers ever wait for each other. INSERT counts where it gives the
 * column a value, UPDATE where it changes it. Triggers of one event run in the order of their making: these are made before
 * sync's, so that what sync writes back does not count.
 *
 * They have the rights of whoever makes them, since writers have none on the table that counts.
 */
export const countWriters: SqlLanguage['countWriters'] = (count) => ({
  create: [
    {
      text: `CREATE TABLE IF NOT EXISTS ${quoted(count, count.name)} (session BIGINT UNSIGNED NOT NULL, at DATETIME(6) NOT NULL, PRIMARY KEY (session, at)) COMMENT = ${mysqlQuoting.literal(count.migration)}`,
    },
    create(count, 'i', `NEW.${quoteName(count.column)} IS NOT NULL`),
    create(
      count,
      'u',
      `NOT (CAST(NEW.${quoteName(count.column)} AS BINARY) <=> CAST(OLD.${quoteName(count.column)} AS BINARY))`,
    ),
  ],
  drop: [
    { text: `DROP TRIGGER IF EXISTS ${quoted(count, `${count.name}_i`)}` },
    { text: `DROP TRIGGER IF EXISTS ${quoted(count, `${count.name}_u`)}` },
    { text: `DROP TABLE IF EXISTS ${quoted(count, count.name)}` },
  ],
})

function create(
  count: WriterCount,
  of: keyof typeof EVENTS,
  when: string,
): { readonly text: string; readonly execution: StepExecution } {
  const counts = quoted(count, count.name)
  const text = [
    `CREATE TRIGGER ${quoted(count, `${count.name}_${of}`)} BEFORE ${EVENTS[of]} ON ${quoteTable(count.table, mysqlQuoting)}`,
    'FOR EACH ROW',
    `IF ${when} AND NOT EXISTS (SELECT 1 FROM ${counts} AS written WHERE written.session = CONNECTION_ID()`,
    `  AND written.at > UTC_TIMESTAMP(6) - INTERVAL ${WRITE_INTERVAL_SECONDS} SECOND) THEN`,
    `  INSERT IGNORE INTO ${counts} (session, at) VALUES (CONNECTION_ID(), UTC_TIMESTAMP(6));`,
    'END IF',
  ].join('\n')
  const exists = triggerExists(beside(count, `${count.name}_${of}`))
  return {
    text,
    execution: { mode: 'alone', timeouts: 'short', probe: `SELECT CASE WHEN ${exists} THEN 'done' ELSE 'absent' END` },
  }
}

function beside({ table: { schema } }: WriterCount, name: string): QualifiedName {
  return schema === undefined ? { name } : { schema, name }
}

function quoted(count: WriterCount, name: string): string {
  return quoteTable(beside(count, name), mysqlQuoting)
}
