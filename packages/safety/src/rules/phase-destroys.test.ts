import { describe, expect, it } from 'vitest'
import { checkMigration } from '../check-migration.js'
import { change, column, constraint, index, migration, rulesFiring, table } from '../step-fixtures.test.support.js'

const drop = change('drop', column('verified_at'), 'drop column', { destroys: true })

describe('PHASE.DESTROYS', () => {
  it('fires on a drop in expand', () => expect(rulesFiring('expand', { changes: [drop] })).toEqual(['PHASE.DESTROYS']))

  it('leaves contract alone', () => expect(rulesFiring('contract', { changes: [drop] })).toEqual([]))

  it('counts a rename, whatever the facts say of it', () => {
    expect(rulesFiring('expand', { changes: [change('rename', column('name'), 'rename column')] })).toEqual([
      'PHASE.DESTROYS',
    ])
    expect(rulesFiring('expand', { changes: [change('rename', table('users'), 'rename table')] })).toEqual([
      'PHASE.DESTROYS',
    ])
  })

  it('lets indexes and constraints be renamed, which no query names', () => {
    for (const object of [index('users_idx'), constraint('users_check')]) {
      expect(rulesFiring('expand', { changes: [change('rename', object, 'rename')] })).toEqual([])
    }
  })

  it('says of what the dialect cannot read that it may', () => {
    const call = change('alter', { type: 'other', name: 'do_things' }, 'call a function', { destroys: true })
    expect(checkMigration(migration({ expand: [{ changes: [call] }] }))).toMatchObject([
      { rule: 'PHASE.DESTROYS', message: 'call a function (do_things) may take something away in expand.' },
    ])
  })

  it('lets go what the same file made', () => {
    expect(rulesFiring('expand', { changes: [{ ...drop, onNew: true }] })).toEqual([])
    expect(rulesFiring('expand', { changes: [{ ...drop, onNewColumn: true }] })).toEqual([])
  })
})
