import { describe, expect, it } from 'vitest'
import { checkMigration } from '../check-migration.js'
import { change, column, exclusive, migration, online, rulesFiring, table } from '../step-fixtures.test.support.js'

const alter = change('alter', column('id'), 'alter type', { tightens: true })

describe('TABLE.REWRITE', () => {
  it('fires on a rewrite of an existing table, in any phase', () => {
    expect(rulesFiring('contract', { changes: [alter], lock: exclusive('rewrite') })).toEqual(['TABLE.REWRITE'])
    const volatile = change('create', column('token'), 'add column with default', { onNewColumn: true })
    expect(rulesFiring('expand', { changes: [volatile], lock: exclusive('rewrite') })).toEqual(['TABLE.REWRITE'])
  })

  it('passes on a new table, under a lock that nobody waits for, and without a rewrite', () => {
    expect(rulesFiring('expand', { changes: [{ ...alter, onNew: true }], lock: exclusive('rewrite') })).toEqual([])
    expect(rulesFiring('contract', { changes: [alter], lock: online('rewrite') })).toEqual([])
    expect(rulesFiring('contract', { changes: [alter], lock: exclusive('instant') })).toEqual([])
  })

  it('adds what only the dialect knows of the way out', () => {
    const lock = { ...exclusive('rewrite'), instead: 'Name ALGORITHM=INPLACE.' }
    const [found] = checkMigration(migration({ contract: [{ changes: [alter], lock }] }))
    expect(found?.instead).toMatch(/drop the old column in contract\..* Name ALGORITHM=INPLACE\.$/)
  })

  it('passes a table that is created full, which nobody uses yet', () => {
    const create = change('create', table('copy'), 'create table as')
    expect(rulesFiring('expand', { changes: [create], lock: exclusive('rewrite') })).toEqual([])
  })
})
