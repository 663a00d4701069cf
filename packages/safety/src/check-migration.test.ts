import { describe, expect, it } from 'vitest'
import { checkMigration } from './check-migration.js'
import { change, column, exclusive, migration, rulesFiring, type StepSketch } from './step-fixtures.test.support.js'

const drop: StepSketch = { changes: [change('drop', column('a'), 'drop column', { destroys: true })], line: 4 }
const allow = (rule: string, reason = 'nobody uses it') => [{ rule, reason }]

describe('checkMigration', () => {
  it('says where, why and what to write instead', () => {
    expect(checkMigration(migration({ expand: [{ changes: [] }, drop] }))).toEqual([
      {
        rule: 'PHASE.DESTROYS',
        severity: 'error',
        message: 'drop column takes column users.a away in expand.',
        why: 'Code that is running now still uses it, and an expand must be safe to undo.',
        instead: 'Move the statement to contract (-- phase: contract).',
        where: { file: 'm.sql', line: 4 },
        unit: { migration: 'm', phase: 'expand' },
        position: 1,
      },
    ])
  })

  it('names the file where a step has no place of its own', () => {
    const { line: _line, ...placeless } = drop
    expect(checkMigration(migration({ expand: [placeless] }))[0]?.where).toEqual({ file: 'm.sql' })
  })

  it('does not judge the sync triggers, which nobody wrote', () => {
    expect(rulesFiring('expand', { ...drop, origin: 'sync' })).toEqual([])
  })
})

describe('accepting a finding', () => {
  it('takes it out when there is a reason', () => {
    expect(rulesFiring('expand', { ...drop, allows: allow('PHASE.DESTROYS') })).toEqual([])
  })

  it('takes out that rule only', () => {
    const rewrite = { ...drop, lock: exclusive('rewrite'), allows: allow('PHASE.DESTROYS') }
    expect(rulesFiring('expand', rewrite)).toEqual(['TABLE.REWRITE'])
  })

  it('is a finding itself without a reason, and accepts nothing', () => {
    for (const reason of ['', '  ']) {
      expect(rulesFiring('expand', { ...drop, allows: allow('PHASE.DESTROYS', reason) })).toEqual([
        'PHASE.DESTROYS',
        'ALLOW.NO_REASON',
      ])
    }
  })

  it('is a finding itself where it matches nothing', () => {
    expect(rulesFiring('contract', { ...drop, allows: allow('PHASE.DESTROYS') })).toEqual(['ALLOW.UNUSED'])
    const unknown = checkMigration(migration({ expand: [{ ...drop, allows: allow('NO.SUCH_RULE') }] }))
    expect(unknown[1]).toMatchObject({
      rule: 'ALLOW.UNUSED',
      message: 'The allow names NO.SUCH_RULE, which is no rule.',
    })
  })

  it('cannot accept the findings about allows', () => {
    const allows = [...allow('PHASE.DESTROYS', ''), ...allow('ALLOW.NO_REASON')]
    expect(rulesFiring('expand', { ...drop, allows })).toEqual(['PHASE.DESTROYS', 'ALLOW.NO_REASON', 'ALLOW.UNUSED'])
  })

  it('is for the whole statement, which may have become several steps', () => {
    const steps = [{ changes: [] }, drop, { changes: [] }].map((each) => ({
      ...each,
      written: 'one statement',
      line: 4,
      allows: allow('PHASE.DESTROYS'),
    }))
    expect(rulesFiring('expand', ...steps)).toEqual([])
  })

  it('is for no other statement', () => {
    const other = { ...drop, line: 9 }
    expect(rulesFiring('expand', { ...drop, allows: allow('PHASE.DESTROYS') }, other)).toEqual(['PHASE.DESTROYS'])
  })
})
