import type { EvidenceRecord, GateCheck, StatementUse, StatementUseReading } from '@phasegate/core'
import { describe, expect, it } from 'vitest'
import { context, record } from '../gate-fixtures.test.support.js'
import { columnUnused } from './column-unused.js'
import { tableUnused } from './table-unused.js'

const BEGUN = '2026-11-20T12:00:00.000Z'
const use = (id: string, calls: string, readable: StatementUse['readable'] = true): StatementUse => ({
  id,
  calls,
  text: `SELECT ${id} FROM users`,
  readable,
})
const mark = (value: string) => ({ name: 'reset', value, changed: 'the statistics were reset' })
const reading = (change: Partial<StatementUseReading> = {}): StatementUseReading => ({
  exists: true,
  problems: [],
  marks: [mark('1')],
  uses: [use('a', '5')],
  dependents: [],
  replicas: 0,
  ...change,
})
const columns = ['users.verified_at']

/** The evidence of a run that began the window. */
const begun = (
  kept: GateCheck['kept'] = { 'users.verified_at': { since: BEGUN, marks: { reset: '1' }, calls: { a: '5' } } },
): EvidenceRecord[] => [
  {
    migration: 'm',
    phase: 'contract',
    check: {
      name: 'columnUnused(users.verified_at, 1d)',
      state: 'closed',
      reason: '',
      observedAt: BEGUN,
      ...(kept === undefined ? {} : { kept }),
    },
  },
]
const ask = (use: StatementUseReading, evidence = begun(), more = {}, options = {}) =>
  columnUnused('1d', { columns, ...options }).check(context({ use, evidence, ...more }))

describe('columnUnused', () => {
  it('begins its window with the first answer, and keeps the beginning', async () => {
    const first = await ask(reading(), [])
    expect(first).toMatchObject({
      state: 'unknown',
      kept: { 'users.verified_at': { since: '2026-11-22T12:00:00.000Z', marks: { reset: '1' }, calls: { a: '5' } } },
    })
    expect(await ask(reading())).toMatchObject({
      state: 'open',
      kept: { 'users.verified_at': { since: BEGUN } },
      expiresAt: '2026-11-22T12:05:00.000Z',
    })
    expect(await ask(reading(), begun(), { now: '2026-11-21T11:59:59.000Z' })).toMatchObject({
      state: 'closed',
      reason: expect.stringContaining('opens at 2026-11-21T12:00:00.000Z'),
      kept: { 'users.verified_at': { since: BEGUN } },
    })
  })

  it('is closed by a statement that ran since, new or known, and begins anew', async () => {
    for (const uses of [[use('a', '6')], [use('a', '5'), use('b', '1')]]) {
      expect(await ask(reading({ uses }))).toMatchObject({
        state: 'closed',
        reason: expect.stringContaining('used since'),
        kept: { 'users.verified_at': { since: '2026-11-22T12:00:00.000Z' } },
      })
    }
    expect((await ask(reading({ uses: [use('a', '5'), use('b', '0')] }))).state, 'only explained').toBe('open')
  })

  it.each([
    ['the statistics were reset', { marks: [mark('2')] }],
    ['a mark is there that was not', { marks: [mark('1'), { name: 'lost', value: '0', changed: 'x' }] }],
    ['a single entry is gone', { uses: [] }],
    ['a single entry counts less', { uses: [use('a', '4')] }],
  ])('is unknown and begins anew where %s', async (_what, change) => {
    expect(await ask(reading(change))).toMatchObject({
      state: 'unknown',
      kept: { 'users.verified_at': { since: '2026-11-22T12:00:00.000Z' } },
    })
  })

  it('is unknown where a statement ran of which nobody knows what it uses', async () => {
    expect(await ask(reading({ uses: [use('a', '5'), use('b', '1', 'its text is cut')] }))).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('its text is cut'),
    })
    expect(
      (
        await ask(
          reading({ uses: [use('a', '5'), use('b', '1', 'its text is cut')] }),
          begun({ 'users.verified_at': { since: BEGUN, marks: { reset: '1' }, calls: { a: '5', b: '1' } } }),
        )
      ).state,
    ).toBe('open')
  })

  it('is unknown while the server does not count everything, and forgets its window', async () => {
    const check = await ask(reading({ problems: [{ reason: 'track is top', next: "set it to 'all'" }] }))
    expect(check).toMatchObject({
      state: 'unknown',
      reason: "users.verified_at: track is top; set it to 'all'",
      kept: {},
    })
  })

  it('is unknown while there are replicas, unless nobody reads them', async () => {
    expect((await ask(reading({ replicas: 1 }))).state).toBe('unknown')
    expect((await ask(reading({ replicas: 1 }), begun(), {}, { replicas: 'not read' })).state).toBe('open')
  })

  it('is closed by a view or function that reads it, without losing the window', async () => {
    expect(await ask(reading({ dependents: ['view active_users'] }))).toMatchObject({
      state: 'closed',
      reason: expect.stringContaining('view active_users'),
      kept: { 'users.verified_at': { since: BEGUN } },
    })
  })

  it('is unknown for what is not there, and open where the contract itself has dropped it', async () => {
    expect((await ask(reading({ exists: false }))).state).toBe('unknown')
    const units = [record('contract', { state: 'running', pointOfNoReturn: true })]
    expect((await ask(reading({ exists: false }), begun(), { units })).state).toBe('open')
  })

  it('takes a window that it cannot read for none', async () => {
    for (const kept of [
      { 'users.verified_at': 'soon' },
      { 'users.verified_at': { since: 'soon', marks: {}, calls: {} } },
      { 'users.verified_at': { since: BEGUN, marks: {}, calls: { a: 'x' } } },
    ]) {
      expect((await ask(reading(), begun(kept))).state).toBe('unknown')
    }
  })

  it('opens only when every column is unused', async () => {
    const both = columnUnused('1d', {
      columns: ['users.verified_at', 'users.legacy'],
      name: 'columnUnused(users.verified_at, 1d)',
    })
    expect((await both.check(context({ use: reading(), evidence: begun() }))).state).toBe('unknown')
  })

  it('holds where the contract drops no column and none is named, and refuses a name that it cannot read', async () => {
    expect((await columnUnused('1d').check(context({ use: reading() }))).state).toBe('unknown')
    for (const name of ['verified_at', '', 'a.b.c.d', '.a.b', 'a.'])
      expect(() => columnUnused('1d', { columns: [name] })).toThrow(expect.objectContaining({ code: 'GATE.OBJECT' }))
    expect(() => tableUnused('1d', { tables: ['a.b.c'] })).toThrow(expect.objectContaining({ code: 'GATE.OBJECT' }))
  })
})
