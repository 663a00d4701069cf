import { readProgress } from '@phasegate/core'
import { expect, test } from 'vitest'
import { createHealthKeeper } from './worker-health.js'

const unit = { migration: '20261122093000_flag', phase: 'backfill' } as const
const AWAY = { code: 'DATABASE.UNREACHABLE', message: 'refused' }

function setUp() {
  const clock = { now: 0 }
  const health = createHealthKeeper(
    () => clock.now,
    120_000,
    () => new Date('2026-11-22T10:00:00Z'),
  )
  return { clock, health }
}

test('it is live from the start, and ready once the journal was read', () => {
  const { health } = setUp()
  expect(health.read()).toEqual({
    state: 'starting',
    unit: null,
    live: true,
    ready: false,
    turnedMs: 0,
    lastError: null,
  })
  health.connected()
  expect(health.read()).toMatchObject({ state: 'idle', ready: true })
  health.running('20261122093000_flag:backfill')
  expect(health.read()).toMatchObject({ state: 'running', unit: '20261122093000_flag:backfill', ready: true })
})

test('it is not live any more when nothing at all has happened for too long, and is again when something does', () => {
  const { clock, health } = setUp()
  clock.now = 120_000
  expect(health.read().live).toBe(true)
  clock.now = 120_001
  expect(health.read()).toMatchObject({ live: false, turnedMs: 120_001 })
  health.turn()
  expect(health.read()).toMatchObject({ live: true, turnedMs: 0 })
  clock.now += 120_001
  health.hear({ type: 'backfill.waiting', unit, reason: 'paused' })
  expect(health.read().live).toBe(true)
})

test('a database that is away makes it unready and not dead', () => {
  const { health } = setUp()
  health.unreachable(AWAY)
  expect(health.read()).toMatchObject({ state: 'starting', live: true, ready: false })
  health.connected()
  health.unreachable(AWAY)
  expect(health.read()).toMatchObject({
    state: 'unreachable',
    live: true,
    ready: false,
    lastError: { ...AWAY, at: '2026-11-22T10:00:00.000Z' },
  })
})

test('a connection that a backfill loses makes it unready until there is a batch again', () => {
  const { health } = setUp()
  health.connected()
  health.hear({ type: 'connection.lost', reason: 'refused', attempt: 1 })
  expect(health.read()).toMatchObject({ state: 'unreachable', ready: false })
  const progress = readProgress({})!
  health.hear({ type: 'batch.done', unit, rows: 1, ms: 1, size: 1, progress })
  expect(health.read()).toMatchObject({ ready: true, lastError: AWAY })
})

test('a unit that failed is told and makes nothing unready', () => {
  const { health } = setUp()
  health.connected()
  health.failed({ code: 'BACKFILL.ROW', message: 'Row 7.' })
  expect(health.read()).toMatchObject({ state: 'idle', ready: true, lastError: { code: 'BACKFILL.ROW' } })
})

test('while it stops it is live and not ready', () => {
  const { health } = setUp()
  health.connected()
  health.stopping()
  expect(health.read()).toMatchObject({ state: 'stopping', live: true, ready: false })
})
