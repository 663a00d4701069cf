import { expect, test } from 'vitest'
import { createDatabase, describeOnEveryServer } from '../support/servers.js'
import { countingBackfill, counts, numbers, setUpBackfill } from './backfill-setup.js'

// What a batch of such a table reads is asserted in plan.test.ts and mysql-plan.test.ts.

const ROWS = 5000
const LIMITS = { limits: { floor: 100, ceiling: 100 } }

interface Partitioned {
  readonly what: string
  readonly postgres: string
  readonly mysql: string
}

/** Every unique key has the columns that the rows are parted by. */
const TABLES: readonly Partitioned[] = [
  {
    what: 'hash, by its key',
    postgres: `CREATE TABLE items (tenant int, id bigint, n int NOT NULL DEFAULT 0, PRIMARY KEY (tenant, id)) PARTITION BY HASH (id);
      CREATE TABLE items_0 PARTITION OF items FOR VALUES WITH (MODULUS 2, REMAINDER 0);
      CREATE TABLE items_1 PARTITION OF items FOR VALUES WITH (MODULUS 2, REMAINDER 1);`,
    mysql: `CREATE TABLE items (tenant int, id bigint, n int NOT NULL DEFAULT 0, PRIMARY KEY (tenant, id))
      PARTITION BY HASH (id) PARTITIONS 3;`,
  },
  {
    what: 'range, by the last column of its key',
    postgres: `CREATE TABLE items (id bigint, tenant int, n int NOT NULL DEFAULT 0, PRIMARY KEY (tenant, id)) PARTITION BY RANGE (id);
      CREATE TABLE items_0 PARTITION OF items FOR VALUES FROM (MINVALUE) TO (3000);
      CREATE TABLE items_2 (n int NOT NULL DEFAULT 0, extra int, id bigint NOT NULL, tenant int NOT NULL);
      ALTER TABLE items_2 DROP COLUMN extra;
      ALTER TABLE items ATTACH PARTITION items_2 FOR VALUES FROM (3000) TO (MAXVALUE);`,
    mysql: `CREATE TABLE items (tenant int, id bigint, n int NOT NULL DEFAULT 0, PRIMARY KEY (tenant, id))
      PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (3000), PARTITION p1 VALUES LESS THAN MAXVALUE);`,
  },
  {
    what: 'list, by the first column of its key, and again below',
    postgres: `CREATE TABLE items (tenant int, id bigint, n int NOT NULL DEFAULT 0, PRIMARY KEY (tenant, id)) PARTITION BY LIST (tenant);
      CREATE TABLE items_3 PARTITION OF items FOR VALUES IN (3) PARTITION BY HASH (id);
      CREATE TABLE items_30 PARTITION OF items_3 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
      CREATE TABLE items_x PARTITION OF items DEFAULT;`,
    mysql: `CREATE TABLE items (tenant int, id bigint, n int NOT NULL DEFAULT 0, PRIMARY KEY (tenant, id))
      PARTITION BY LIST (tenant) SUBPARTITION BY HASH (id) SUBPARTITIONS 2
      (PARTITION p0 VALUES IN (0, 1, 2), PARTITION p3 VALUES IN (3), PARTITION p4 VALUES IN (4, 5, 6));`,
  },
]

describeOnEveryServer('a table that is parted by', (server) => {
  test.each(TABLES)('$what is walked through its parent, exactly once', async (table) => {
    const db = await createDatabase(server)
    await db.query(`${db.family === 'postgres' ? table.postgres : table.mysql}
      INSERT INTO items (tenant, id) SELECT CASE WHEN i % 20 = 0 THEN i % 7 ELSE 3 END, i FROM ${numbers(db.family, ROWS)}`)
    const { run } = await setUpBackfill(db)
    expect(await run(countingBackfill({ batchSize: 100 }), LIMITS)).toEqual({ state: 'applied', rows: ROWS })
    expect(await counts(db)).toEqual({ '1': ROWS })
  })
})
