import { createMadeObjects, type SqlOperation } from '@phasegate/core'
import { compilerOf } from '@phasegate/core/compile'
import type pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { lift } from '../../packages/postgres/src/parse/lift.js'
import { parseStatements } from '../../packages/postgres/src/parse/parse-statements.js'
import { loadParser } from '../../packages/postgres/src/parse/parser.js'
import { postgresLanguage } from '../../packages/postgres/src/postgres-language.js'
import { createDatabase, describeOnEveryPostgres } from '../support/servers.js'

const SCHEMA = {
  name: 'lifted',
  sql: `
  CREATE SCHEMA "S";
  CREATE TABLE r (id int PRIMARY KEY, k int UNIQUE, k2 int, UNIQUE (k, k2));
  CREATE TABLE t (id int PRIMARY KEY, a int, b text, c numeric(6, 2) DEFAULT 1, d int, r int);
  CREATE TABLE "S"."T" (id int PRIMARY KEY, "A" int);
  CREATE INDEX old ON t (b);
  CREATE INDEX "Old" ON "S"."T" ("A");
  INSERT INTO r SELECT i, i, i FROM generate_series(1, 50) i;
  INSERT INTO t (id, a, b, d, r) SELECT i, i, 'b' || i, i, i FROM generate_series(1, 50) i;
  INSERT INTO "S"."T" SELECT i, i FROM generate_series(1, 50) i;`,
}

/** Lifted to statements, to operations, or to both; names are given, so that both ways end with the same ones. */
const WRITTEN: readonly string[] = [
  'ALTER TABLE t ALTER COLUMN a SET NOT NULL, ALTER b SET DEFAULT $$it\'s; -- "x"$$, DROP COLUMN d',
  `ALTER TABLE t ADD COLUMN n timestamp(3) with time zone[] NOT NULL DEFAULT '{}'::timestamptz[]`,
  `ALTER TABLE t ADD COLUMN n text COLLATE "C" CONSTRAINT nk CHECK (n >= 'c') -- why
     CONSTRAINT nu UNIQUE DEFERRABLE INITIALLY DEFERRED`,
  'ALTER TABLE t ADD COLUMN n int DEFAULT 1 CONSTRAINT nf REFERENCES r DEFERRABLE INITIALLY DEFERRED CONSTRAINT nc CHECK (n > 0)',
  "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0 AND b LIKE 'b%')",
  'ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NO INHERIT',
  'ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (r) REFERENCES r (id) ON DELETE CASCADE ON UPDATE SET NULL',
  'ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (r) REFERENCES r',
  'ALTER TABLE t ADD CONSTRAINT "F" FOREIGN KEY (a, r) REFERENCES r (k, k2) MATCH FULL ON DELETE SET NULL (r) DEFERRABLE',
  'ALTER TABLE "S"."T" ADD CONSTRAINT u UNIQUE ("A")',
  'ALTER TABLE t ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b) WITH (fillfactor = 70) DEFERRABLE',
  'ALTER TABLE t ADD FOREIGN KEY (r) REFERENCES r MATCH FULL',
  'ALTER TABLE t ADD UNIQUE (a, b) DEFERRABLE',
  "CREATE INDEX i ON t (a, (b || 'x'), lower(b)) WHERE c > 0",
  'CREATE UNIQUE INDEX i ON "S"."T" USING btree ("A") INCLUDE (id)',
  'CREATE INDEX i ON t USING btree (b COLLATE "C" text_pattern_ops DESC NULLS LAST, lower(b) DESC) WITH (fillfactor = 70)',
  'CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a) NULLS NOT DISTINCT',
  'CREATE INDEX ON t (a DESC)',
  'DROP INDEX old, "S"."Old"',
  'DROP INDEX IF EXISTS old, absent',
]

describeOnEveryPostgres('lifted statements', (server) => {
  beforeAll(loadParser)

  test.each(WRITTEN)('%s ends as it was written', async (sql) => {
    const asWritten = await createDatabase(server, SCHEMA)
    await asWritten.query(sql)

    const asLifted = await createDatabase(server, SCHEMA)
    const statements = liftedStatements(sql)
    expect(statements).not.toEqual([sql])
    for (const statement of statements) await asLifted.query(statement)

    expect(await shapeOf(await asLifted.connect())).toEqual(await shapeOf(await asWritten.connect()))
  })
})

function liftedStatements(sql: string): readonly string[] {
  const parts = lift(parseStatements(sql, 'lifted.sql')[0]!, createMadeObjects())
  expect(parts).toBeDefined()
  return (parts ?? []).flatMap((part) =>
    'statement' in part
      ? [part.statement]
      : compilerOf(part.operation as SqlOperation, postgresLanguage).compile(part.operation as never, {
          file: 'lifted.sql',
          isNewTable: () => false,
        }),
  )
}

/** Columns, constraints and indexes of the database as the server writes them. */
async function shapeOf(client: pg.Client): Promise<unknown> {
  const read = async (sql: string): Promise<unknown[]> => (await client.query(sql)).rows
  const schemas = `('public'::regnamespace, '"S"'::regnamespace)`
  return {
    columns: await read(
      `SELECT attrelid::regclass::text AS table, attname AS name, format_type(atttypid, atttypmod) AS type,
              attnotnull AS required, attcollation::regcollation::text AS collation, pg_get_expr(adbin, adrelid) AS default
       FROM pg_attribute JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
       WHERE relnamespace IN ${schemas} AND relkind = 'r' AND attnum > 0 AND NOT attisdropped ORDER BY 1, 2`,
    ),
    constraints: await read(
      `SELECT conrelid::regclass::text AS table, conname AS name, pg_get_constraintdef(oid) AS definition,
              convalidated AS valid FROM pg_constraint WHERE connamespace IN ${schemas} ORDER BY 1, 2`,
    ),
    indexes: await read(
      `SELECT pg_get_indexdef(indexrelid) AS definition, indisvalid AS valid FROM pg_index JOIN pg_class c ON c.oid = indexrelid
       WHERE relnamespace IN ${schemas} ORDER BY 1`,
    ),
  }
}
