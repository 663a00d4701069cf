import type { Session } from '@phasegate/core'
import { expect, test } from 'vitest'
import { replicaLag } from './replica-lag.js'

const UNIT = { migration: '20261122093000_fill', phase: 'backfill' } as const

/** What only minutes show; everything else is tried on real standbys (test/backfill/postgres-replicas.test.ts). */
function watch() {
  const backfill = {} as Parameters<typeof replicaLag>[0]['backfill']
  const signal = replicaLag({ unit: UNIT, backfill, standbys: undefined, replicas: undefined })
  return (second: number, flushed: number, replayed: number | null) => {
    const row = {
      pid: replayed === null ? null : 1,
      name: replayed === null ? null : 'reading',
      host: '10.0.0.1',
      state: 'streaming',
      replayed: String(replayed),
      told: null,
      logical: false,
      flushed: String(flushed),
      now: String(second * 1000),
    }
    return signal.read({ query: async () => [row] } as unknown as Session)
  }
}

test('a standby that left counts for five minutes from where it was, and then no more', async () => {
  const at = watch()
  expect(await at(0, 100, 100)).toEqual({ state: 'value', value: 0 })
  expect(await at(10, 200, null)).toMatchObject({ value: 0 })
  expect(await at(20, 300, null)).toEqual({ state: 'value', value: 10_000, of: 'reading, which has left,' })
  expect(await at(299, 400, null)).toMatchObject({ value: 289_000 })
  expect(await at(301, 400, null)).toEqual({ state: 'value', value: 0 })
})

test('one that comes back is behind by all that it missed, until it has it', async () => {
  const at = watch()
  await at(0, 100, 100)
  await at(10, 200, null)
  expect(await at(60, 300, 100)).toEqual({ state: 'value', value: 50_000, of: 'reading' })
  expect(await at(61, 300, 300)).toEqual({ state: 'value', value: 0 })
})
