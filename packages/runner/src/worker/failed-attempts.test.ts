import type { PlannedUnit } from '@phasegate/core'
import { expect, test } from 'vitest'
import { createFailedAttempts } from './failed-attempts.js'

const entry = (change: { readonly state?: string; readonly fingerprint?: string } = {}): PlannedUnit =>
  ({
    state: 'ready',
    unit: { id: { migration: '1_a', phase: 'backfill' }, fingerprint: change.fingerprint ?? '1:a' },
    record: change.state === undefined ? undefined : { state: change.state, since: 'then', attempts: 1 },
  }) as unknown as PlannedUnit

function setUp() {
  const clock = { now: 0 }
  return { clock, attempts: createFailedAttempts({ now: () => clock.now }) }
}

/** ms after which it may be tried again. */
function waits({ clock, attempts }: ReturnType<typeof setUp>): number {
  const from = clock.now
  while (attempts.whyWaits(entry()) !== undefined) clock.now += 1000
  return clock.now - from
}

test('what was never tried does not wait', () => {
  expect(setUp().attempts.whyWaits(entry())).toBeUndefined()
})

test('what could not be begun waits for longer each time, up to a quarter of an hour', () => {
  const setup = setUp()
  const pauses = Array.from({ length: 7 }, () => {
    setup.attempts.remember(entry(), 'no table')
    return waits(setup)
  })
  expect(pauses).toEqual([60_000, 120_000, 240_000, 480_000, 900_000, 900_000, 900_000])
})

test('says why it waits', () => {
  const { attempts } = setUp()
  attempts.remember(entry(), 'no table')
  expect(attempts.whyWaits(entry())).toContain('no table')
})

test('it is tried at once when its file or its row in the journal is another one', () => {
  const { attempts } = setUp()
  attempts.remember(entry(), 'no table')
  expect(attempts.whyWaits(entry({ fingerprint: '1:b' }))).toBeUndefined()
  expect(attempts.whyWaits(entry({ state: 'running' }))).toBeUndefined()
})
