import { type PhasegateEvent, readProgress } from '@phasegate/core'
import { expect, test } from 'vitest'
import { createDaemonLog } from './daemon-log.js'

const unit = { migration: '20261122093000_flag', phase: 'backfill' } as const
const batch = (of: { readonly migration: string } = unit): PhasegateEvent => ({
  type: 'batch.done',
  unit: { ...of, phase: 'backfill' },
  rows: 10,
  ms: 5,
  size: 10,
  progress: { ...readProgress({})!, done: 10 },
})

function record(options: { readonly verbose?: boolean; readonly quiet?: boolean } = {}) {
  const lines: string[] = []
  const clock = { now: 0 }
  const log = createDaemonLog({
    verbose: false,
    quiet: false,
    ...options,
    write: (line) => lines.push(line),
    now: () => clock.now,
    date: () => new Date('2026-11-22T10:00:00Z'),
  })
  return { lines, clock, log, read: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

test('an event is one line: level, time, type, unit and message first', () => {
  const { log, lines } = record()
  log({ type: 'unit.changed', unit, state: 'failed', reason: 'row 7\nis wrong' })
  expect(lines).toEqual([
    '{"level":"error","time":"2026-11-22T10:00:00.000Z","type":"unit.changed","unit":"20261122093000_flag:backfill",' +
      '"message":"20261122093000_flag:backfill failed: row 7","state":"failed","reason":"row 7\\nis wrong"}',
  ])
})

test('an event about no unit has none', () => {
  const { log, read } = record()
  log({ type: 'worker.stopped', applied: 1, failed: 0 })
  expect(read()[0]).not.toHaveProperty('unit')
  expect(read()[0]).toMatchObject({ level: 'info', applied: 1 })
})

test('batches have a line every few seconds for each backfill', () => {
  const { log, clock, read } = record()
  for (let second = 0; second < 12; second++) {
    log(batch())
    log(batch({ migration: 'other' }))
    clock.now += 1000
  }
  expect(read().map((line) => line.unit)).toEqual(
    [1, 2, 3].flatMap(() => ['20261122093000_flag:backfill', 'other:backfill']),
  )
})

test('details are written with -v, and with --quiet only what is wrong', () => {
  const locked: PhasegateEvent = { type: 'lock.acquired', lock: 'backfill', waitedMs: 3 }
  const lost: PhasegateEvent = { type: 'connection.lost', reason: 'refused', attempt: 1 }
  const written = (options: object): readonly unknown[] => {
    const { log, read } = record(options)
    for (const event of [locked, batch(), lost]) log(event)
    return read().map(({ type }) => type)
  }
  expect(written({})).toEqual(['batch.done', 'connection.lost'])
  expect(written({ verbose: true })).toEqual(['lock.acquired', 'batch.done', 'connection.lost'])
  expect(written({ quiet: true })).toEqual(['connection.lost'])
})
