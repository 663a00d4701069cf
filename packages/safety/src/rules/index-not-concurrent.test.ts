import { describe, expect, it } from 'vitest'
import { change, constraint, exclusive, index, online, rulesFiring, table } from '../step-fixtures.test.support.js'

const create = change('create', index('users_plan_idx'), 'create index')
const share = { mode: 'SHARE', tables: ['users'], blocks: 'writes', duration: 'build' } as const

describe('INDEX.NOT_CONCURRENT', () => {
  it.each(['expand', 'contract'] as const)('fires on a plain CREATE INDEX in %s, and no other rule does', (phase) =>
    expect(rulesFiring(phase, { changes: [create], lock: share })).toEqual(['INDEX.NOT_CONCURRENT']),
  )

  it('fires on a REINDEX that blocks', () => {
    const reindex = change('alter', table('users'), 'reindex')
    expect(rulesFiring('contract', { changes: [reindex], lock: exclusive('build') })).toEqual(['INDEX.NOT_CONCURRENT'])
  })

  it('passes CONCURRENTLY, a new table, and an index that builds nothing', () => {
    expect(rulesFiring('expand', { changes: [{ ...create, concurrently: true }], lock: online('build') })).toEqual([])
    expect(rulesFiring('expand', { changes: [{ ...create, onNew: true }], lock: share })).toEqual([])
    expect(rulesFiring('expand', { changes: [create], lock: { ...share, duration: 'instant' } })).toEqual([])
  })

  it('leaves the index of a new constraint to TABLE.LOCKED_SCAN', () => {
    const unique = change('create', constraint('users_key'), 'add unique', { tightens: true })
    expect(rulesFiring('contract', { changes: [unique, create], lock: exclusive('build') })).toEqual([
      'TABLE.LOCKED_SCAN',
    ])
  })
})
