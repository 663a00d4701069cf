import { describe, expect, it } from 'vitest'
import { change, rulesFiring, table } from '../step-fixtures.test.support.js'

const drop = (what: string, more = {}) => change('drop', table('users'), what, { destroys: true, ...more })

describe('DROP.CASCADE', () => {
  it('fires on CASCADE, in contract too', () => {
    expect(rulesFiring('contract', { changes: [drop('drop table cascade')] })).toEqual(['DROP.CASCADE'])
    const truncate = change('write', table('users'), 'truncate cascade', { destroys: true })
    expect(rulesFiring('contract', { changes: [truncate] })).toEqual(['DROP.CASCADE'])
  })

  it('passes without it, and on what the same file made', () => {
    expect(rulesFiring('contract', { changes: [drop('drop table')] })).toEqual([])
    expect(rulesFiring('expand', { changes: [drop('drop table cascade', { onNew: true })] })).toEqual([])
  })
})
