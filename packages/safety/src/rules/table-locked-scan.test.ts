import { describe, expect, it } from 'vitest'
import {
  change,
  column,
  constraint,
  exclusive,
  online,
  rulesFiring,
  type StepSketch,
} from '../step-fixtures.test.support.js'

const addCheck = change('create', constraint('c'), 'add check', { tightens: true })

describe('TABLE.LOCKED_SCAN', () => {
  it('fires on a constraint that is checked while everybody waits', () => {
    expect(rulesFiring('contract', { changes: [addCheck], lock: exclusive('scan') })).toEqual(['TABLE.LOCKED_SCAN'])
    const foreignKey = { ...exclusive('scan'), mode: 'SHARE ROW EXCLUSIVE', blocks: 'writes' as const }
    expect(rulesFiring('contract', { changes: [addCheck], lock: foreignKey })).toEqual(['TABLE.LOCKED_SCAN'])
  })

  it('passes NOT VALID and VALIDATE', () => {
    expect(rulesFiring('contract', { changes: [addCheck], lock: exclusive('instant') })).toEqual([])
    const validate = change('validate', constraint('c'), 'validate constraint')
    expect(rulesFiring('contract', { changes: [validate], lock: online('scan') })).toEqual([])
  })

  it('passes on a new table', () => {
    expect(rulesFiring('expand', { changes: [{ ...addCheck, onNew: true }], lock: exclusive('scan') })).toEqual([])
  })

  it('fires on what else a proven SET NOT NULL has in the same ALTER', () => {
    const proof: StepSketch[] = [
      { changes: [change('create', constraint('n'), 'add check not valid', { provesNotNull: 'plan' })] },
      { changes: [change('validate', constraint('n'), 'validate constraint')], lock: online('scan') },
    ]
    const setNotNull = change('alter', column('plan'), 'set not null')
    expect(rulesFiring('contract', ...proof, { changes: [setNotNull], lock: exclusive('scan') })).toEqual([])
    expect(rulesFiring('contract', ...proof, { changes: [setNotNull, addCheck], lock: exclusive('scan') })).toEqual([
      'TABLE.LOCKED_SCAN',
    ])
  })
})
