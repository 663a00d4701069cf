import { describe, expect, it } from 'vitest'
import { checkMigration } from '../check-migration.js'
import {
  change,
  column,
  constraint,
  exclusive,
  migration,
  online,
  rulesFiring,
  type StepSketch,
} from '../step-fixtures.test.support.js'

const setNotNull: StepSketch = {
  changes: [change('alter', column('plan'), 'set not null', { tightens: true })],
  lock: exclusive('scan'),
}
const check = (more = {}): StepSketch => ({
  changes: [
    change('create', constraint('plan_set'), 'add check not valid', { tightens: true, provesNotNull: 'plan', ...more }),
    change('read', column('plan'), 'used by constraint'),
  ],
})
const validate: StepSketch = {
  changes: [change('validate', constraint('plan_set'), 'validate constraint')],
  lock: online('scan'),
}
const dropCheck = change('drop', constraint('plan_set'), 'drop constraint')

describe('COLUMN.NOT_NULL_SCAN', () => {
  it('fires on SET NOT NULL as it is, and no other rule does', () => {
    expect(rulesFiring('contract', setNotNull)).toEqual(['COLUMN.NOT_NULL_SCAN'])
  })

  it('passes after a check that was validated, and so does TABLE.LOCKED_SCAN', () => {
    expect(rulesFiring('contract', check(), validate, setNotNull, { changes: [dropCheck] })).toEqual([])
  })

  it('passes when the check was validated in an earlier phase', () => {
    const found = checkMigration(
      migration({ expand: [check({ onNewColumn: true }), validate], contract: [setNotNull] }),
    )
    expect(found).toEqual([])
  })

  it.each([
    ['is not validated', [check(), setNotNull]],
    ['proves another column', [check({ provesNotNull: 'name' }), validate, setNotNull]],
    ['proves something else', [check({ provesNotNull: undefined }), validate, setNotNull]],
    ['is gone again', [check(), validate, { changes: [dropCheck] }, setNotNull]],
    ['comes too late', [setNotNull, check(), validate]],
    [
      'is dropped in the same ALTER',
      [check(), validate, { ...setNotNull, changes: [...setNotNull.changes, dropCheck] }],
    ],
  ])('fires when the check %s', (_what, steps) => {
    expect(rulesFiring('contract', ...(steps as StepSketch[]))).toEqual(['COLUMN.NOT_NULL_SCAN'])
  })

  it('passes the four steps that the dialect makes of one statement, and of those only', () => {
    const made = { written: 'ops.setNotNull(users, plan)', origin: 'operation' as const, line: 3 }
    const own = [check({ provesNotNull: undefined }), validate, setNotNull, { changes: [dropCheck] }]
    expect(rulesFiring('contract', ...own.map((each) => ({ ...each, ...made })))).toEqual([])
    const unvalidated = own.filter((each) => each !== validate)
    expect(rulesFiring('contract', ...unvalidated.map((each) => ({ ...each, ...made })))).toEqual([
      'COLUMN.NOT_NULL_SCAN',
    ])
    expect(rulesFiring('contract', ...own.map((each) => ({ ...each, ...made, origin: 'written' as const })))).toEqual([
      'COLUMN.NOT_NULL_SCAN',
    ])
  })

  it('passes where the server makes it beside traffic, and leaves a copy of the table to TABLE.REWRITE', () => {
    expect(rulesFiring('contract', { ...setNotNull, lock: online('rewrite') })).toEqual([])
    expect(rulesFiring('contract', { ...setNotNull, lock: exclusive('rewrite') })).toEqual(['TABLE.REWRITE'])
  })

  it('passes on a table of the same file', () => {
    const onNew = setNotNull.changes.map((each) => ({ ...each, onNew: true }))
    expect(rulesFiring('expand', { ...setNotNull, changes: onNew })).toEqual([])
  })
})
