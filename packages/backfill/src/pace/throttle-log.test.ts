import type { PhasegateEvent } from '@phasegate/core'
import { expect, test } from 'vitest'
import type { ProgressLog } from '../progress/progress-log.js'
import type { WorkerSession } from '../worker/worker-session.js'
import type { Hold } from './hold.js'
import { createThrottleLog } from './throttle-log.js'

const slow: Hold = { ms: 10, reason: 'load is 5 (limit 5)', kind: 'rest', from: 'load' }
const stop: Hold = { ...slow, reason: 'load is 10 (limit 10)', kind: 'stop' }
const rate: Hold = { ms: 10, reason: 'at most 5 rows/s', kind: 'rest', from: 'maxRowsPerSecond', silent: true }

function start() {
  const told: (string | null)[] = []
  const reasons: (string | null)[] = []
  const emit = (event: PhasegateEvent): void => {
    if (event.type === 'backfill.throttled') told.push(event.level)
  }
  const progress: Pick<ProgressLog, 'throttled'> = {
    throttled: async (reason) => {
      reasons.push(reason)
    },
  }
  const unit = { migration: '20260101000000_fill', phase: 'backfill' } as const
  const log = createThrottleLog({ emit, unit }, progress)
  const worker = {} as WorkerSession
  return {
    told,
    reasons,
    held: (hold: Hold) => log.held(hold, worker),
    free: (rested?: Hold) => log.free(rested, worker),
  }
}

test('each beginning and end is told of once', async () => {
  const { told, held, free } = start()
  await held(slow)
  await free(slow)
  await held(slow)
  await held(stop)
  await held(stop)
  await free(stop)
  await free()
  expect(told).toEqual(['slow', 'stop', null])
})

test('a slowness goes on beside a bound on rows, and ends with the batch that needs no rest', async () => {
  const { told, held, free } = start()
  for (let batch = 0; batch < 3; batch++) {
    await held(slow)
    await held(rate)
    await free(slow)
  }
  expect(told).toEqual(['slow'])
  await held(rate)
  await free(rate)
  expect(told).toEqual(['slow', null])
})

test('a bound on rows is shown as long as it holds, and is no event', async () => {
  const { told, reasons, held, free } = start()
  await held(rate)
  await free(rate)
  await held(rate)
  expect(told).toEqual([])
  expect(reasons).toEqual([rate.reason, rate.reason])
})
