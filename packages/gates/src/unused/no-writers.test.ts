import type { WritersReading } from '@phasegate/core'
import { describe, expect, it } from 'vitest'
import { context, record } from '../gate-fixtures.test.support.js'
import { noWriters } from './no-writers.js'

const reading = (change: Partial<WritersReading> = {}): WritersReading => ({
  exists: true,
  counted: true,
  lastWrite: null,
  sessions: 0,
  ...change,
})
const expand = record('expand', { finishedAt: '2026-11-20T12:00:00.000Z' })
const ask = (writers: WritersReading, units = [expand]) =>
  noWriters('1d', { columns: ['users.verified_at'] }).check(context({ writers, units }))

describe('noWriters', () => {
  it('opens when nobody has written for the window, counted from expand', async () => {
    expect(await ask(reading())).toMatchObject({
      name: 'noWriters(users.verified_at, 1d)',
      state: 'open',
      expiresAt: '2026-11-22T12:05:00.000Z',
    })
    expect(await ask(reading(), [record('expand', { finishedAt: '2026-11-22T11:00:00.000Z' })])).toMatchObject({
      state: 'closed',
      reason: expect.stringContaining('opens at 2026-11-23T11:00:00.000Z'),
    })
    expect((await ask(reading({ lastWrite: '2026-11-21T11:58:59.000Z' }))).state).toBe('open')
  })

  it('is closed by a write in the window, whose moment is known to a minute', async () => {
    expect(await ask(reading({ lastWrite: '2026-11-22T10:00:00.000Z', sessions: 3 }))).toMatchObject({
      state: 'closed',
      reason: expect.stringMatching(/3 sessions in all; opens at 2026-11-23T10:01:00/),
    })
    expect((await ask(reading({ lastWrite: '2026-11-21T11:59:01.000Z' }))).state).toBe('closed')
  })

  it('is unknown where no trigger counts, where the column is not there, and before expand is applied', async () => {
    expect(await ask(reading({ counted: false }))).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining("countWriters: ['users.verified_at']"),
    })
    expect((await ask(reading({ exists: false, counted: false }))).state).toBe('unknown')
    expect((await ask(reading(), [])).state).toBe('unknown')
    expect((await noWriters('1d').check(context({ writers: reading() }))).state).toBe('unknown')
  })

  it('stays open where the contract itself has taken the triggers away', async () => {
    const begun = record('contract', { state: 'running', detail: { begun: true } })
    expect((await ask(reading({ counted: false }), [expand, begun])).state).toBe('open')
    expect((await ask(reading({ exists: false, counted: false }), [expand, begun])).state).toBe('open')
    expect((await ask(reading({ lastWrite: '2026-11-22T10:00:00.000Z' }), [expand, begun])).state).toBe('closed')
  })
})
