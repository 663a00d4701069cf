import type { AnyDatabase, Family } from './any-database.js'

/** What one list of cases says differently on each server. Whatever reads the same everywhere stays in the case. */
export interface SqlWords {
  /** A moment with microseconds. */
  readonly timestamp: string
  readonly now: string
  /** True, false or both NULL: never unknown. */
  same(a: string, b: string): string
  /** The n-th value of a statement, counted from 1. */
  value(position: number): string
  /** A quoted name. */
  name(text: string): string
  /** A source of rows with one column `g`, from 1 to `count` (at most a million). */
  numbers(count: number): string
  /** The schema that tables without one are in. */
  readonly schema: string
  /** One of the journal's tables. */
  journal(table: string): string
  /** Rows `{ line }`: columns, indexes, constraints and triggers of the database but the journal's, as text. */
  readonly shape: string
}

const postgres: SqlWords = {
  timestamp: 'timestamptz',
  now: 'now()',
  same: (a, b) => `(${a} IS NOT DISTINCT FROM ${b})`,
  value: (position) => `$${position}`,
  name: (text) => `"${text.replaceAll('"', '""')}"`,
  numbers: (count) => `generate_series(1, ${count}) AS numbers (g)`,
  schema: 'current_schema()',
  journal: (table) => `phasegate.${table}`,
  shape: `
    SELECT concat_ws(' ', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attnotnull THEN 'not null' END, 'default ' || pg_get_expr(d.adbin, d.adrelid)) AS line
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    UNION ALL
    SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), CASE WHEN NOT convalidated THEN '(not validated)' END)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL
    SELECT concat_ws(' ', pg_get_indexdef(indexrelid), CASE WHEN NOT indisvalid THEN '(invalid)' END)
    FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'trigger ' || tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
    WHERE NOT tgisinternal AND c.relnamespace = 'public'::regnamespace
    ORDER BY 1`,
}

const mysql: SqlWords = {
  timestamp: 'datetime(6)',
  now: 'now(6)',
  same: (a, b) => `(${a} <=> ${b})`,
  value: () => '?',
  name: (text) => `\`${text.replaceAll('`', '``')}\``,
  numbers(count) {
    const digits = String(count - 1).length
    const digit =
      '(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)'
    const places = Array.from({ length: digits }, (_, place) => `d${place}`)
    const sum = places.map((place, power) => `${place}.d * ${10 ** power}`).join(' + ')
    const from = places.map((place) => `${digit} ${place}`).join(', ')
    return `(SELECT 1 + ${sum} AS g FROM ${from}) AS numbers WHERE g <= ${count}`
  },
  schema: 'database()',
  journal: (table) => `phasegate_${table}`,
  shape: `
    SELECT concat_ws(' ', table_name, column_name, column_type, collation_name, IF(is_nullable = 'NO', 'not null', NULL),
      concat('default ', column_default), NULLIF(extra, '')) AS line
    FROM information_schema.columns WHERE table_schema = database() AND table_name NOT LIKE 'phasegate\\\\_%'
    UNION ALL
    SELECT concat_ws(' ', table_name, 'index', index_name, IF(non_unique, NULL, 'unique'), seq_in_index, column_name, index_type)
    FROM information_schema.statistics WHERE table_schema = database() AND table_name NOT LIKE 'phasegate\\\\_%'
    UNION ALL
    SELECT concat_ws(' ', table_name, constraint_type, constraint_name)
    FROM information_schema.table_constraints WHERE table_schema = database() AND table_name NOT LIKE 'phasegate\\\\_%'
    UNION ALL
    SELECT concat('trigger ', trigger_name) FROM information_schema.triggers
    WHERE trigger_schema = database() AND event_object_table NOT LIKE 'phasegate\\\\_%'
    ORDER BY 1`,
}

const WORDS: Readonly<Record<Family, SqlWords>> = { postgres, mysql, mariadb: mysql }

/** The words of a server or a database. */
export function wordsOf({ family }: { readonly family: Family }): SqlWords {
  return WORDS[family]
}

/** How many rows `FROM …` has. */
export async function countOf(db: AnyDatabase, from: string): Promise<number> {
  const [row] = await db.query(`SELECT count(*) AS n FROM ${from}`)
  return Number(row?.n)
}

export async function shapeOf(db: AnyDatabase): Promise<readonly string[]> {
  return (await db.query<{ line: string }>(wordsOf(db).shape)).map(({ line }) => line)
}

/** The columns of a table, in order. */
export async function columnsOf(db: AnyDatabase, table: string): Promise<readonly string[]> {
  const rows = await db.query(`SELECT column_name AS name FROM information_schema.columns
    WHERE table_schema = ${wordsOf(db).schema} AND table_name = '${table}' ORDER BY ordinal_position`)
  return rows.map(({ name }) => name)
}
