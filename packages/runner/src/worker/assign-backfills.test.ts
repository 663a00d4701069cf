import type { CompiledMigration, JournalSnapshot, UnitRecord } from '@phasegate/core'
import { describe, expect, test } from 'vitest'
import { assignBackfills } from './assign-backfills.js'

const FINGERPRINT = '1:authored'

/** Backfills of one column each; `b` rests on `a` where both write the same. */
const migrations = (...columns: readonly string[]): readonly CompiledMigration[] =>
  columns.map((column, index) => {
    const id = { migration: `${index + 1}_${column}`, phase: 'backfill' } as const
    const backfill = { table: { name: 'users' }, set: [{ column, expression: '1' }], reads: [], written: '' }
    return {
      name: id.migration,
      units: { backfill: { id, fingerprint: FINGERPRINT, steps: [], backfill } },
    } as unknown as CompiledMigration
  })

const journal = (units: readonly Partial<UnitRecord>[], held: string | null = null): JournalSnapshot =>
  ({
    units: units.map((unit) => ({
      migration: '1_a',
      phase: 'backfill',
      fingerprint: FINGERPRINT,
      attempts: 1,
      since: '2026-11-22T10:00:00Z',
      error: null,
      request: null,
      detail: {},
      ...unit,
    })),
    held: held === null ? null : { reason: held },
  }) as unknown as JournalSnapshot

const assigned = (snapshot: JournalSnapshot, files = migrations('a')) => {
  const { take, left } = assignBackfills(files, snapshot)
  return { take: take.map(({ unit }) => unit.id.migration), left: left.map(({ reason }) => reason) }
}

describe('a daemon', () => {
  test.each(['pending', 'running', 'verifying', 'interrupted'] as const)('takes up a backfill that is %s', (state) => {
    expect(assigned(journal([{ state }]))).toEqual({ take: ['1_a'], left: [] })
  })

  test('takes up a backfill that the journal does not know', () => {
    expect(assigned(journal([]))).toEqual({ take: ['1_a'], left: [] })
  })

  test('has nothing to say about one that is applied', () => {
    expect(assigned(journal([{ state: 'applied' }]))).toEqual({ take: [], left: [] })
  })

  test('leaves one that failed until its file is another one, and says how to go on', () => {
    const failed = { state: 'failed', error: { code: 'BACKFILL.ROW', message: 'Row 7.', next: [] } } as const
    expect(assigned(journal([failed]))).toEqual({
      take: [],
      left: ['failed: Row 7. When that is mended: phasegate resume 1_a'],
    })
    expect(assigned(journal([{ ...failed, fingerprint: '1:before' }]))).toEqual({ take: ['1_a'], left: [] })
  })

  test('leaves what a person has stopped', () => {
    expect(assigned(journal([{ state: 'cancelled' }])).left).toEqual([
      'was cancelled; phasegate backfill 1_a goes on with it',
    ])
    expect(assigned(journal([{ state: 'cancelled', fingerprint: '1:before' }])).take).toEqual([])
    expect(assigned(journal([{ state: 'paused' }])).left).toEqual(['is paused until phasegate resume 1_a'])
    const asked = { state: 'interrupted', request: { action: 'pause', now: false } } as const
    expect(assigned(journal([asked])).take).toEqual([])
    expect(assigned(journal([{ state: 'reverted' }])).take).toEqual([])
  })

  test('leaves everything while all backfills are held, and goes on with what the hold paused when it is lifted', () => {
    expect(assigned(journal([], 'sale'))).toEqual({ take: [], left: ['all backfills are held: sale'] })
    expect(assigned(journal([{ state: 'paused', detail: { paused: 'hold' } }])).take).toEqual(['1_a'])
  })

  test('leaves what rests on a backfill that it leaves, and takes what does not', () => {
    const failed = journal([{ state: 'failed' }])
    expect(assigned(failed, migrations('a', 'a', 'b')).take).toEqual(['3_b'])
    expect(assigned(journal([]), migrations('a', 'a', 'b')).take).toEqual(['1_a', '2_a', '3_b'])
  })

  test('leaves what it could not begin', () => {
    const { take, left } = assignBackfills(migrations('a', 'b'), journal([]), ({ unit }) =>
      unit.id.migration === '1_a' ? 'there is no table' : undefined,
    )
    expect(take.map(({ unit }) => unit.id.migration)).toEqual(['2_b'])
    expect(left).toEqual([{ unit: '1_a:backfill', reason: 'there is no table' }])
  })
})
