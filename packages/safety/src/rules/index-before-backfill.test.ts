import type { CompiledBackfill } from '@phasegate/core'
import { describe, expect, it } from 'vitest'
import { checkMigration } from '../check-migration.js'
import { change, column, index, migration, online, type StepSketch } from '../step-fixtures.test.support.js'

const create = change('create', index('users_plan_idx'), 'create index', { concurrently: true })
const uses = (name: string) => change('read', column(name), 'used by index', { onNewColumn: true })
const step = (name: string): StepSketch => ({ changes: [create, uses(name)], lock: online('build') })

function rules(phase: 'expand' | 'contract', sketch: StepSketch, backfill: Partial<CompiledBackfill> | undefined) {
  const built = migration({ [phase]: [sketch], ...(backfill === undefined ? {} : { backfill: [] }) })
  if (backfill !== undefined) Object.assign(built.units.backfill!, { backfill })
  return checkMigration(built).map(({ rule, severity }) => `${severity} ${rule}`)
}

const fill = { table: { name: 'users' }, set: [{ column: 'plan', expression: `'free'` }] }

describe('INDEX.BEFORE_BACKFILL', () => {
  it('warns of an index in expand on a column that the same migration fills', () => {
    expect(rules('expand', step('plan'), fill)).toEqual(['warning INDEX.BEFORE_BACKFILL'])
    expect(rules('expand', step('plan'), { ...fill, table: { schema: 'public', name: 'users' } })).toEqual([
      'warning INDEX.BEFORE_BACKFILL',
    ])
  })

  it('passes an index on another column or table, in contract, or without a backfill', () => {
    expect(rules('expand', step('email'), fill)).toEqual([])
    expect(rules('expand', step('plan'), { ...fill, table: { name: 'accounts' } })).toEqual([])
    expect(rules('contract', step('plan'), fill)).toEqual([])
    expect(rules('expand', step('plan'), undefined)).toEqual([])
  })
})
