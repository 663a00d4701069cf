import { describe, expect, it } from 'vitest'
import { change, column, constraint, online, rulesFiring } from '../step-fixtures.test.support.js'

const tightens = (what: string, more = {}) => change('create', constraint('c'), what, { tightens: true, ...more })

describe('PHASE.TIGHTENS', () => {
  it.each(['add check not valid', 'add unique using index', 'add foreign key not valid'])(
    'fires on %s in expand',
    (what) => expect(rulesFiring('expand', { changes: [tightens(what)] })).toEqual(['PHASE.TIGHTENS']),
  )

  it('fires on a unique index, though it is built CONCURRENTLY', () => {
    const unique = change('create', { type: 'index', name: 'i' }, 'create unique index', {
      tightens: true,
      concurrently: true,
    })
    expect(rulesFiring('expand', { changes: [unique], lock: online('build') })).toEqual(['PHASE.TIGHTENS'])
  })

  it('leaves contract alone', () => {
    expect(rulesFiring('contract', { changes: [tightens('add check not valid')] })).toEqual([])
  })

  it('lets tables and columns of the same file be tightened', () => {
    expect(rulesFiring('expand', { changes: [tightens('add check not valid', { onNew: true })] })).toEqual([])
    expect(rulesFiring('expand', { changes: [tightens('add check not valid', { onNewColumn: true })] })).toEqual([])
  })

  it('fires on a column that is required from its birth, unless the table is new', () => {
    const required = change('create', column('plan'), 'add column', { tightens: true, onNewColumn: true })
    expect(rulesFiring('expand', { changes: [required] })).toEqual(['PHASE.TIGHTENS'])
    expect(rulesFiring('expand', { changes: [{ ...required, onNew: true }] })).toEqual([])
    expect(rulesFiring('expand', { changes: [{ ...required, tightens: false }] })).toEqual([])
  })

  it('fires on a new column made required without a default', () => {
    const required = change('alter', column('plan'), 'set not null', { tightens: true, onNewColumn: true })
    expect(rulesFiring('expand', { changes: [required] })).toContain('PHASE.TIGHTENS')
  })
})
