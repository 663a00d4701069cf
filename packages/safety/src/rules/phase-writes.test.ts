import { describe, expect, it } from 'vitest'
import { checkMigration } from '../check-migration.js'
import { change, column, migration, online, rulesFiring, table } from '../step-fixtures.test.support.js'

const rows = { mode: 'ROW EXCLUSIVE', tables: ['users'], blocks: 'writes', duration: 'scan' } as const
const update = change('write', column('plan'), 'update')

describe('PHASE.WRITES', () => {
  it.each(['expand', 'contract'] as const)('fires on an UPDATE in %s, and no other rule does', (phase) =>
    expect(rulesFiring(phase, { changes: [update], lock: rows })).toEqual(['PHASE.WRITES']),
  )

  it('lets a table of the same file be filled', () => {
    expect(rulesFiring('expand', { changes: [{ ...update, onNew: true }], lock: rows })).toEqual([])
  })

  it('only warns of an INSERT, which locks no row that is there', () => {
    const insert = change('write', table('plan'), 'insert')
    const found = checkMigration(migration({ expand: [{ changes: [insert], lock: online('instant') }] }))
    expect(found).toMatchObject([{ rule: 'PHASE.WRITES', severity: 'warning' }])
  })

  it('leaves a DELETE in expand and a TRUNCATE to the rule about destroying', () => {
    const remove = change('write', table('users'), 'delete', { destroys: true })
    const truncate = change('write', table('users'), 'truncate', { destroys: true })
    expect(rulesFiring('expand', { changes: [truncate] })).toEqual(['PHASE.DESTROYS'])
    expect(rulesFiring('expand', { changes: [remove], lock: rows })).toEqual(['PHASE.DESTROYS'])
    expect(rulesFiring('contract', { changes: [truncate] })).toEqual([])
    expect(rulesFiring('contract', { changes: [remove], lock: rows })).toEqual(['PHASE.WRITES'])
  })
})
