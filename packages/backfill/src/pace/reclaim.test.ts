import type { BackfillTable } from '@phasegate/core'
import { describe, expect, test } from 'vitest'
import type { BackfillSettings } from '../options.js'
import { createReclaimer } from './reclaim.js'

/** A table of 3,000,000 rows, so that a share is 100,000, and a VACUUM that ends when it is told to. */
function start() {
  const clock = { now: 0 }
  const runs: (() => void)[] = []
  const settings = {
    unit: { migration: 'm', phase: 'backfill' },
    backfill: {},
    emit: () => {},
    clock: { now: () => clock.now },
    target: {
      backfill: {
        reclaimer: () => ({
          run: () => new Promise((resolve) => runs.push(() => resolve({ state: 'done' }))),
          close: async () => {},
        }),
      },
    },
  } as unknown as BackfillSettings
  const reclaimer = createReclaimer(settings, { estimatedRows: 3_000_000 } as BackfillTable)!
  const end = async () => {
    runs.at(-1)?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { clock, runs, reclaimer, end }
}

describe('making room while a table is filled', () => {
  test('begins with each thirtieth of the table, and batches go on beside it', async () => {
    const { runs, reclaimer, end } = start()
    expect([reclaimer.look(0), reclaimer.look(99_999), runs.length]).toEqual([undefined, undefined, 0])
    expect([reclaimer.look(100_000), runs.length]).toEqual([undefined, 1])
    expect([reclaimer.look(150_000), runs.length]).toEqual([undefined, 1])
    await end()
    expect([reclaimer.look(199_999), runs.length]).toEqual([undefined, 1])
    expect([reclaimer.look(200_000), runs.length]).toEqual([undefined, 2])
  })

  test('is waited for where the next is due, and over the whole never longer than batches have gone on beside it', () => {
    const { clock, reclaimer } = start()
    reclaimer.look(0)
    reclaimer.look(100_000)
    clock.now = 300
    expect(reclaimer.look(200_000)).toMatchObject({ ms: 300 })
    clock.now = 500
    expect(reclaimer.look(200_000)).toMatchObject({ ms: 100 })
    clock.now = 600
    expect(reclaimer.look(200_000)).toBeUndefined()
    // A batch of 80 ms later it has earned another 80.
    clock.now = 680
    expect(reclaimer.look(220_000)).toMatchObject({ ms: 80 })
    clock.now = 760
    expect(reclaimer.look(220_000)).toBeUndefined()
  })

  test('of the time before counts for nothing in the next', async () => {
    const { clock, reclaimer, runs, end } = start()
    reclaimer.look(0)
    reclaimer.look(100_000)
    clock.now = 1000
    expect(reclaimer.look(200_000)).toMatchObject({ ms: 500 })
    await end()
    clock.now = 1100
    expect([reclaimer.look(200_000), runs.length]).toEqual([undefined, 2])
    clock.now = 1110
    expect(reclaimer.look(300_000)).toMatchObject({ ms: 10 })
  })
})
