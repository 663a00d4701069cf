import { type SqlLanguage, WRITE_INTERVAL_SECONDS, type WriterCount } from '@phasegate/core'
import { inSchemaOf, quoteTable } from '../operations/table-reference.js'
import { postgresQuoting, quoteName } from '../quoting.js'

/**
 * A table, a function and two triggers. A session that writes the column leaves a row, at most one a minute: rows are only
 * added, so that no two writers ever wait for each other. INSERT counts where it gives the column a value, UPDATE where it
 * changes it; both before sync's triggers (their names sort last), so that what sync writes back does not count.
 *
 * The function has its owner's rights, since writers have none on the table that counts. `UPDATE OF` and `WHEN` make the
 * server refuse to drop the column while the triggers are there.
 */
export const countWriters: SqlLanguage['countWriters'] = (count) => {
  const { table, column, name } = count
  const counts = inSchemaOf(table, name)
  const on = quoteTable(table)
  const value = (row: 'OLD' | 'NEW'): string => `(${row}.${quoteName(column)})::text`
  const execute = `FOR EACH ROW WHEN (%) EXECUTE FUNCTION ${counts}()`
  const trigger = (event: string, of: 'i' | 'u', when: string): { readonly text: string } => ({
    text: `CREATE OR REPLACE TRIGGER ${quoteName(`${name}_${of}`)} BEFORE ${event} ON ${on} ${execute.replace('%', () => when)}`,
  })
  return {
    create: [
      { text: `CREATE TABLE IF NOT EXISTS ${counts} (session integer NOT NULL, at timestamptz NOT NULL)` },
      { text: `COMMENT ON TABLE ${counts} IS ${postgresQuoting.literal(count.migration)}` },
      { text: functionOf(count) },
      trigger('INSERT', 'i', `NEW.${quoteName(column)} IS NOT NULL`),
      trigger(`UPDATE OF ${quoteName(column)}`, 'u', `${value('OLD')} IS DISTINCT FROM ${value('NEW')}`),
    ],
    drop: [
      { text: `DROP TRIGGER IF EXISTS ${quoteName(`${name}_i`)} ON ${on}` },
      { text: `DROP TRIGGER IF EXISTS ${quoteName(`${name}_u`)} ON ${on}` },
      { text: `DROP FUNCTION IF EXISTS ${counts}()` },
      { text: `DROP TABLE IF EXISTS ${counts}` },
    ],
  }
}

function functionOf({ table, name }: WriterCount): string {
  const counts = inSchemaOf(table, name)
  return [
    `CREATE OR REPLACE FUNCTION ${counts}() RETURNS trigger`,
    'LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT',
    'AS $phasegate$',
    'BEGIN',
    `  IF pg_catalog.current_setting('application_name') NOT LIKE 'phasegate/%' AND NOT EXISTS (`,
    `    SELECT FROM ${counts} AS written WHERE written.session = pg_catalog.pg_backend_pid()`,
    `      AND written.at > pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => ${WRITE_INTERVAL_SECONDS})) THEN`,
    `    INSERT INTO ${counts} (session, at) VALUES (pg_catalog.pg_backend_pid(), pg_catalog.clock_timestamp());`,
    '  END IF;',
    '  RETURN NEW;',
    'END',
    '$phasegate$',
  ].join('\n')
}
