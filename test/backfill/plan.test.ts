import type { Session } from '@phasegate/core'
import { expect, test } from 'vitest'
import { batchEndSql, batchSql, mismatchesSql } from '../../packages/postgres/dist/backfill/backfill-statements.js'
import { createDatabase, describeOnEveryPostgres } from '../support/servers.js'
import { comparableBackfill, setUpBackfill } from './backfill-setup.js'

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Plan[]
}

const nodes = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)]

async function explain(session: Session, sql: string, values: readonly unknown[]): Promise<readonly Plan[]> {
  const [row] = await session.query(`EXPLAIN (FORMAT JSON) ${sql}`, values)
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
})
