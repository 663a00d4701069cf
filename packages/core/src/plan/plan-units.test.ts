import { describe, expect, it } from 'vitest'
import { migration, record, snapshot } from './plan-fixtures.test.support.js'
import { foreignUnits, lateFiles, type PlanInput, planUnits } from './plan-units.js'

/** `1:expand ready`, `2:expand blocked 1:contract`. */
function plan(input: Omit<PlanInput, 'snapshot'> & Partial<Pick<PlanInput, 'snapshot'>>): string[] {
  return planUnits({ snapshot: snapshot(), ...input }).map((entry) => {
    const other = entry.state === 'blocked' ? entry.by : 'of' in entry ? entry.of : undefined
    const name = `${entry.unit.id.migration}:${entry.unit.id.phase} ${entry.state}`
    const resumed = entry.state === 'ready' && entry.resume ? (entry.edited ? ' edited' : ' resume') : ''
    return `${name}${resumed}${other === undefined ? '' : ` ${other.migration}:${other.phase}`}`
  })
}

const full = migration('1', {
  expand: [['create', 'users.a']],
  backfill: [
    ['write', 'users.a'],
    ['read', 'users.b'],
  ],
  contract: [['drop', 'users.b']],
})

describe('planUnits', () => {
  it('lists the units of one lane in migration order, whatever the order of the files', () => {
    const second = migration('2', { expand: [['create', 'orders.x']] })
    expect(plan({ migrations: [second, full], lane: 'expand' })).toEqual(['1:expand ready', '2:expand ready'])
  })

  it('lists all phases, migration by migration, for up', () => {
    const second = migration('2', { expand: [['create', 'users.c']], contract: [['alter', 'users.c']] })
    expect(plan({ migrations: [second, full], lane: 'up' })).toEqual([
      '1:expand ready',
      '1:backfill ready',
      '1:contract ready',
      '2:expand ready',
      '2:contract ready',
    ])
  })

  it('says what is begun and what is applied', () => {
    for (const state of ['failed', 'interrupted', 'cancelled', 'paused', 'running', 'contracting'] as const) {
      const known = snapshot(record('1', 'expand', state))
      expect(plan({ migrations: [full], lane: 'expand', snapshot: known })).toEqual(['1:expand ready resume'])
    }
    const applied = snapshot(record('1', 'expand', 'applied'))
    expect(plan({ migrations: [full], lane: 'expand', snapshot: applied })).toEqual(['1:expand applied'])
  })

  it('tries rows in quarantine again where the backfill is named, and only there', () => {
    const applied = { ...record('1', 'backfill', 'applied'), detail: { quarantined: { rows: 1, sampleKeys: ['7'] } } }
    const known = snapshot(record('1', 'expand', 'applied'), applied)
    const only = [{ migration: '1', phase: 'backfill' as const }]
    expect(plan({ migrations: [full], lane: 'backfill', snapshot: known })).toEqual(['1:backfill applied'])
    expect(plan({ migrations: [full], lane: 'backfill', snapshot: known, only })).toEqual(['1:backfill ready resume'])
    const none = snapshot(record('1', 'expand', 'applied'), { ...applied, detail: { quarantined: null } })
    expect(plan({ migrations: [full], lane: 'backfill', snapshot: none, only })).toEqual(['1:backfill applied'])
  })

  it('resumes a contract that was withdrawn after it had begun', () => {
    const withdrawn = snapshot({ ...record('1', 'contract', 'pending'), attempts: 1 })
    expect(plan({ migrations: [full], lane: 'contract', snapshot: withdrawn })).toEqual(['1:contract ready resume'])
  })

  it('says that a failed unit was edited', () => {
    const edited = migration('1', { expand: [['create', 'users.a']] }, ['expand'])
    const failed = snapshot(record('1', 'expand', 'failed'))
    expect(plan({ migrations: [edited], lane: 'expand', snapshot: failed })).toEqual(['1:expand ready edited'])
  })

  it('does not take another fingerprint format for drift', () => {
    const older = snapshot({ ...record('1', 'expand', 'applied'), fingerprint: '0:authored' })
    expect(plan({ migrations: [full], lane: 'expand', snapshot: older })).toEqual(['1:expand applied'])
  })

  it('holds the later phases of a drifted migration, and no other migration', () => {
    const drifted = migration('1', { expand: [['create', 'users.a']], contract: [['alter', 'users.a']] }, ['expand'])
    const other = migration('2', { expand: [['create', 'users.c']], contract: [['alter', 'users.c']] })
    const known = snapshot(record('1', 'expand', 'applied'), record('2', 'expand', 'applied'))
    expect(plan({ migrations: [drifted, other], lane: 'expand', snapshot: known })).toEqual([
      '1:expand drift 1:expand',
      '2:expand applied',
    ])
    expect(plan({ migrations: [drifted, other], lane: 'contract', snapshot: known })).toEqual([
      '1:contract drift 1:expand',
      '2:contract ready',
    ])
  })

  it('blocks a unit on an earlier one of another lane that concerns the same column, and says which', () => {
    const later = migration('2', { expand: [['rename', 'users.b']] })
    const known = snapshot(record('1', 'expand', 'applied'))
    const [blocked] = planUnits({ migrations: [full, later], lane: 'expand', snapshot: known }).slice(1)
    expect(blocked).toMatchObject({
      state: 'blocked',
      by: { migration: '1', phase: 'backfill' },
      object: { type: 'column', table: 'users', name: 'b' },
      reason: '2:expand waits for 1:backfill, which is not applied: both concern column users.b',
    })
  })

  it('names the column when one of the two concerns the whole table', () => {
    const later = migration('2', { expand: [['drop', 'users']] })
    const entry = planUnits({ migrations: [full, later], lane: 'expand', snapshot: snapshot() })[1]
    expect(entry).toMatchObject({ state: 'blocked', object: { type: 'column', name: 'a' } })
  })

  it('lets two units read the same column in any order', () => {
    const reader = migration('2', { expand: [['read', 'users.b']] })
    const known = snapshot(record('1', 'expand', 'applied'))
    const readsOnly = migration('1', { expand: [], backfill: [['read', 'users.b']] })
    expect(plan({ migrations: [readsOnly, reader], lane: 'expand', snapshot: known })).toEqual([
      '1:expand applied',
      '2:expand ready',
    ])
  })

  it('lets a waiting contract hold up no other migration of the same table', () => {
    const later = migration('2', { expand: [['create', 'users.c']], contract: [['alter', 'users.c']] })
    const known = snapshot(record('1', 'expand', 'applied'), record('1', 'backfill', 'applied'))
    expect(plan({ migrations: [full, later], lane: 'expand', snapshot: known })[1]).toBe('2:expand ready')
    const held = [{ migration: '1', phase: 'contract' as const }]
    expect(plan({ migrations: [full, later], lane: 'contract', snapshot: known, held })).toEqual([
      '1:contract ready',
      '2:contract ready',
    ])
  })

  it('lets others use a table that a waiting contract takes a column from, but not one that it drops', () => {
    const referencing = migration('2', {
      expand: [
        ['create', 'orders'],
        ['read', 'users'],
      ],
    })
    const known = snapshot(record('1', 'expand', 'applied'), record('1', 'backfill', 'applied'))
    expect(plan({ migrations: [full, referencing], lane: 'expand', snapshot: known })[1]).toBe('2:expand ready')
    const commenting = migration('2', { expand: [['alter', 'users']] })
    expect(plan({ migrations: [full, commenting], lane: 'expand', snapshot: known })[1]).toBe('2:expand ready')
    const dropping = migration('1', { contract: [['drop', 'users']] })
    expect(plan({ migrations: [dropping, referencing], lane: 'expand' })).toEqual(['2:expand blocked 1:contract'])
  })

  it('blocks on a unit of its own lane only when that is held or not named', () => {
    const first = migration('1', { expand: [['create', 'users.a']] })
    const second = migration('2', { expand: [['alter', 'users.a']] })
    const third = migration('3', { expand: [['alter', 'users.a']] })
    const migrations = [first, second, third]
    expect(plan({ migrations, lane: 'expand' })).toEqual(['1:expand ready', '2:expand ready', '3:expand ready'])
    expect(plan({ migrations, lane: 'expand', held: [{ migration: '2', phase: 'expand' }] })[2]).toBe(
      '3:expand blocked 2:expand',
    )
    expect(plan({ migrations, lane: 'expand', only: [{ migration: '2', phase: 'expand' }] })).toEqual([
      '2:expand blocked 1:expand',
    ])
  })

  it('never waits for a later migration, nor for a unit that was begun before its dependency arrived', () => {
    const earlier = migration('1', { contract: [['drop', 'users.a']] })
    const begun = migration('2', { expand: [['alter', 'users.a']] })
    const failed = snapshot(record('2', 'expand', 'failed'))
    expect(plan({ migrations: [begun, migration('3', { contract: [['drop', 'users.a']] })], lane: 'expand' })).toEqual([
      '2:expand ready',
    ])
    expect(plan({ migrations: [earlier, begun], lane: 'expand', snapshot: failed })).toEqual(['2:expand ready resume'])
  })

  it('keeps the phases of one migration in order under up, where no gate does it', () => {
    const blockedExpand = migration('2', { expand: [['alter', 'users.b']], contract: [['alter', 'other.x']] })
    const held = [{ migration: '1', phase: 'backfill' as const }]
    expect(plan({ migrations: [full, blockedExpand], lane: 'up', held })).toEqual([
      '1:expand ready',
      '1:backfill ready',
      '1:contract blocked 1:backfill',
      '2:expand blocked 1:backfill',
      '2:contract blocked 2:expand',
    ])
  })

  it('leaves a reverted unit alone until it is named or its file changed', () => {
    const known = snapshot(record('1', 'expand', 'reverted'), record('1', 'backfill', 'reverted'))
    expect(plan({ migrations: [full], lane: 'expand', snapshot: known })).toEqual(['1:expand reverted 1:expand'])
    expect(plan({ migrations: [full], lane: 'contract', snapshot: known })).toEqual(['1:contract reverted 1:expand'])
    const only = [{ migration: '1', phase: 'expand' as const }]
    expect(plan({ migrations: [full], lane: 'expand', snapshot: known, only })).toEqual(['1:expand ready'])
    const changed = migration('1', { expand: [['create', 'users.a']] }, ['expand'])
    expect(plan({ migrations: [changed], lane: 'expand', snapshot: known })).toEqual(['1:expand ready'])
  })

  it('takes up a reverted backfill again once its expand is there again', () => {
    const known = snapshot(record('1', 'expand', 'applied'), record('1', 'backfill', 'reverted'))
    expect(plan({ migrations: [full], lane: 'backfill', snapshot: known })).toEqual(['1:backfill ready'])
  })

  it('runs nothing of a migration whose revert is not finished', () => {
    const known = snapshot(record('1', 'expand', 'reverting'))
    const only = [{ migration: '1', phase: 'backfill' as const }]
    expect(plan({ migrations: [full], lane: 'backfill', snapshot: known, only })).toEqual([
      '1:backfill reverting 1:expand',
    ])
  })

  it('lets a later migration do again what was reverted, but not use what is gone', () => {
    const known = snapshot(record('1', 'expand', 'reverted'))
    const again = migration('2', { expand: [['create', 'users.a']], contract: [['alter', 'users.a']] })
    const sameTable = migration('2', { expand: [['alter', 'users']] })
    const user = migration('2', { expand: [['alter', 'users.a']] })
    expect(plan({ migrations: [full, again], lane: 'expand', snapshot: known })[1]).toBe('2:expand ready')
    expect(plan({ migrations: [full, sameTable], lane: 'expand', snapshot: known })[1]).toBe('2:expand ready')
    expect(plan({ migrations: [full, user], lane: 'expand', snapshot: known })[1]).toBe('2:expand blocked 1:expand')
  })

  it('refuses a unit that the lane does not have', () => {
    const only = [{ migration: '1', phase: 'contract' as const }]
    expect(() => plan({ migrations: [full], lane: 'expand', only })).toThrow(
      expect.objectContaining({ code: 'UNIT.UNKNOWN', exit: 2 }),
    )
  })
})

describe('foreignUnits', () => {
  it('lists what the journal knows and the files do not', () => {
    const known = snapshot(record('1', 'expand', 'applied'), record('9', 'expand', 'applied'))
    expect(foreignUnits([full], known).map((unit) => unit.migration)).toEqual(['9'])
  })
})

describe('lateFiles', () => {
  it('names a file that sorts before an applied one, and no contract that merely waits', () => {
    const known = snapshot(record('2', 'expand', 'applied'), record('1', 'expand', 'applied'))
    const late = migration('15', { expand: [['create', 'users.z']] })
    const found = lateFiles([full, late, migration('2', { expand: [] })], known)
    expect(found.map((file) => [file.migration.name, file.after])).toEqual([['15', '2']])
  })
})
