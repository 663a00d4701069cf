import type { Session } from '@phasegate/core'
import { expect, test } from 'vitest'
import {
  batchEndSql,
  batchSql,
  mismatchesSql,
  recheckSql,
} from '../../packages/postgres/dist/backfill/backfill-statements.js'
import { commonColumns } from '../../packages/postgres/dist/backfill/key-form.js'
import { createDatabase, describeOnEveryPostgres } from '../support/servers.js'
import { comparableBackfill, setUpBackfill } from './backfill-setup.js'

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly 'Shared Hit Blocks'?: number
  readonly 'Shared Read Blocks'?: number
  readonly Plans?: readonly Plan[]
}

const nodes = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)]

async function explain(
  session: Session,
  sql: string,
  values: readonly unknown[],
  options = 'COSTS',
): Promise<readonly Plan[]> {
  const [row] = await session.query(`EXPLAIN (FORMAT JSON, ${options}) ${sql}`, values)
  return nodes((row!['QUERY PLAN'] as readonly { Plan: Plan }[])[0]!.Plan)
}

const backfill = comparableBackfill({ where: `doubled IS NULL AND state = 'old'` })
const KEY = { columns: [{ name: 'id', type: 'bigint' }], index: 'items_pkey' }

/** What statistics may say of the table, and an index that tempts the planner away from the key. */
const STATISTICS = {
  'never analysed': 'SELECT',
  'that are right': 'ANALYZE items',
  'from when it was small': `DELETE FROM items WHERE id > 100; VACUUM ANALYZE items; ALTER TABLE items SET (autovacuum_enabled = off);
    INSERT INTO items SELECT i, 0, NULL, 'old' FROM generate_series(101, 100000) i`,
  'from when no row matched': `UPDATE items SET state = 'new'; VACUUM ANALYZE items; UPDATE items SET state = 'old'`,
}

describeOnEveryPostgres('plans', (server) => {
  for (const [title, sql] of Object.entries(STATISTICS)) {
    test(`walk the key's index, with statistics ${title}`, async () => {
      const db = await createDatabase(server)
      await db.query(`CREATE TABLE items (id bigint PRIMARY KEY, n integer, doubled integer, state text) WITH (autovacuum_enabled = off);
        CREATE INDEX tempting ON items (state); CREATE INDEX partial ON items (state) WHERE doubled IS NULL;
        INSERT INTO items SELECT i, 0, NULL, 'old' FROM generate_series(1, 100000) i`)
      // VACUUM cannot share the implicit transaction of several statements.
      for (const one of sql.split(';')) await db.query(one)
      const { prepared } = await setUpBackfill(db)
      const session = await prepared()
      const columns = [{ type: 'integer', equality: true }]
      for (const [from, to] of [
        ['50', '150'],
        ['1', '90000'],
        ['99000', '99999'],
      ]) {
        const statements: readonly [string, readonly unknown[]][] = [
          [batchSql(backfill, KEY, { bounded: true }), ['m', 0, '1', from, to, 30_000, to, 100]],
          [batchSql(backfill, KEY, { bounded: true, only: columns }), ['m', 0, '1', from, to, 30_000, to, 100]],
          [batchEndSql(backfill, KEY, true), [to, 999, from]],
          [mismatchesSql(backfill, KEY, columns, { bounded: true }, 'differs'), [to, 1000, from]],
        ]
        for (const [statement, values] of statements) {
          const plan = await explain(session, statement, values)
          const reads = plan.filter((node) => node['Index Name'] !== undefined || node['Relation Name'] === 'items')
          const used = reads.flatMap((node) => node['Index Name'] ?? [])
          expect(used).toContain('items_pkey')
          expect(used).not.toContain('tempting')
          expect(used).not.toContain('partial')
          expect(plan.some((node) => node['Node Type'] === 'Seq Scan' && node['Relation Name'] === 'items')).toBe(false)
          const conditions = plan
            .filter((node) => node['Index Name'] === 'items_pkey')
            .map((node) => node['Index Cond'])
          expect(conditions.every((condition) => /id > .* AND .*id <= /.test(condition ?? ''))).toBe(true)
        }
      }
      await session.close()
    })
  }

  for (const [title, sql] of Object.entries(COMPOSITE_STATISTICS)) {
    test(`read no more than the batch of a composite key, with statistics ${title}`, async () => {
      const db = await createDatabase(server)
      await db.query(`CREATE TABLE items (tenant integer, id bigint, n integer, doubled integer, state text, PRIMARY KEY (tenant, id))
          WITH (autovacuum_enabled = off);
        CREATE INDEX tempting ON items (state); CREATE INDEX prefix ON items (tenant);
        CREATE INDEX partial ON items (state) WHERE doubled IS NULL;
        INSERT INTO items SELECT CASE WHEN i % 20 = 0 THEN i % 7 ELSE 3 END, i, 0, NULL, 'old' FROM generate_series(1, 100000) i`)
      for (const one of sql.split(';')) await db.query(one)
      const { prepared } = await setUpBackfill(db)
      const session = await prepared()
      const columns = [{ type: 'integer', equality: true }]
      for (const [from, to] of RANGES) {
        const bounded = from !== null
        const after = bounded ? [from] : []
        const shape = { bounded, common: commonColumns(TENANT_KEY, from, to) }
        const compare = mismatchesSql(backfill, TENANT_KEY, columns, shape, 'differs')
        const end = batchEndSql(backfill, TENANT_KEY, bounded)
        const recheck = recheckSql(backfill, TENANT_KEY, columns, 'differs')
        const statements: readonly [string, readonly unknown[]][] = [
          [batchSql(backfill, TENANT_KEY, shape), ['m', 0, '1', from, to, 30_000, to, 9]],
          [batchSql(backfill, TENANT_KEY, { ...shape, only: columns }), ['m', 0, '1', from, to, 30_000, to, 9]],
          [end, ['["6","100000"]', 499, ...after]],
          [compare, [to, 1000, ...after]],
          [recheck, [[to, '["4","4"]']]],
        ]
        for (const [statement, values] of statements) {
          const plan = await explain(session, statement, values)
          const reads = plan.filter((node) => node['Index Name'] !== undefined || node['Relation Name'] === 'items')
          const used = new Set(reads.flatMap((node) => node['Index Name'] ?? []))
          // The groups between may as well be taken from an index on the first column.
          const others = reads.filter((node) => node['Index Name'] === 'prefix').map((node) => node['Index Cond'])
          expect(used, statement).toContain('items_pkey')
          expect(used).not.toContain('tempting')
          expect(used).not.toContain('partial')
          expect(others.every((condition) => /tenant > .* AND \(?tenant < |^\(tenant < /.test(condition ?? ''))).toBe(
            true,
          )
          expect(plan.some((node) => node['Node Type'] === 'Seq Scan' && node['Relation Name'] === 'items')).toBe(false)
        }
        // The group of tenant 3 alone is more than 250 pages of the index, and 500 of the table.
        expect(await pages(session, compare, [to, 1000, ...after]), `${from} to ${to}`).toBeLessThan(120)
        // One visit to the table at most for each entry: 500, where the map of visible rows is not up to date.
        expect(await pages(session, end, ['["6","100000"]', 499, ...after])).toBeLessThan(1500)
        expect(await pages(session, recheck, [[to, '["4","4"]']])).toBeLessThan(30)
      }
      await session.close()
    })
  }

  for (const method of ['HASH (id)', 'RANGE (id)']) {
    test(`read no more than the batch of a table that is parted by ${method}`, async () => {
      const db = await createDatabase(server)
      const parts = method.startsWith('HASH')
        ? ['WITH (MODULUS 3, REMAINDER 0)', 'WITH (MODULUS 3, REMAINDER 1)', 'WITH (MODULUS 3, REMAINDER 2)']
        : ['FROM (MINVALUE) TO (30000)', 'FROM (30000) TO (60000)', 'FROM (60000) TO (MAXVALUE)']
      await db.query(`CREATE TABLE items (tenant integer, id bigint, n integer, doubled integer, state text, PRIMARY KEY (tenant, id))
          PARTITION BY ${method};
        ${parts.map((values, part) => `CREATE TABLE items_${part} PARTITION OF items FOR VALUES ${values};`).join('\n')}
        INSERT INTO items SELECT CASE WHEN i % 20 = 0 THEN i % 7 ELSE 3 END, i, 0, NULL, 'old' FROM generate_series(1, 100000) i`)
      const { prepared } = await setUpBackfill(db)
      const session = await prepared()
      for (const sql of ['SELECT', 'ANALYZE items']) {
        await db.query(sql)
        for (const [from, to] of RANGES) {
          const after = from === null ? [] : [from]
          const shape = { bounded: from !== null, common: commonColumns(TENANT_KEY, from, to) }
          const batch = batchSql(backfill, TENANT_KEY, shape)
          const plan = await explain(session, batch, ['m', 0, '1', from, to, 30_000, to, 9])
          const used = plan.flatMap((node) => node['Index Name'] ?? []).filter((index) => /^items/.test(index))
          expect(used.length, batch).toBeGreaterThan(0)
          expect(used.every((index) => /^items_\d_pkey$/.test(index))).toBe(true)
          expect(
            plan.some((node) => node['Node Type'] === 'Seq Scan' && /^items/.test(node['Relation Name'] ?? '')),
          ).toBe(false)
          const compare = mismatchesSql(backfill, TENANT_KEY, [{ type: 'integer', equality: true }], shape, 'differs')
          expect(await pages(session, compare, [to, 1000, ...after]), `${from} to ${to}`).toBeLessThan(200)
          const end = batchEndSql(backfill, TENANT_KEY, shape.bounded)
          expect(await pages(session, end, ['["6","100000"]', 499, ...after])).toBeLessThan(1500)
        }
      }
      await session.close()
    })
  }
})

const TENANT_KEY = {
  columns: [
    { name: 'tenant', type: 'integer' },
    { name: 'id', type: 'bigint' },
  ],
  index: 'items_pkey',
}

/** In the large group, into it, out of it, over several small ones, and from the start. */
const RANGES: readonly (readonly [after: string | null, upTo: string])[] = [
  ['["3","1000"]', '["3","1500"]'],
  ['["2","99000"]', '["3","400"]'],
  ['["3","99800"]', '["4","5000"]'],
  ['["4","95000"]', '["5","5000"]'],
  [null, '["0","9000"]'],
]

const COMPOSITE_STATISTICS = {
  'never analysed': 'SELECT',
  'that are right': 'VACUUM ANALYZE items',
  'from when it was small': `DROP INDEX prefix; DELETE FROM items WHERE id > 100; VACUUM ANALYZE items;
    INSERT INTO items SELECT CASE WHEN i % 20 = 0 THEN i % 7 ELSE 3 END, i, 0, NULL, 'old' FROM generate_series(101, 100000) i`,
}

/** Pages that a statement looks at. */
async function pages(session: Session, sql: string, values: readonly unknown[]): Promise<number> {
  const [top] = await explain(session, sql, values, 'ANALYZE, BUFFERS, TIMING OFF')
  return (top?.['Shared Hit Blocks'] ?? 0) + (top?.['Shared Read Blocks'] ?? 0)
}
