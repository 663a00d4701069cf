import type { PhasegateEvent } from '@phasegate/core'
import { expect, test } from 'vitest'
import { createOutput, type OutputOptions } from './output.js'
import { createProgress } from './progress.js'

const unit = { migration: '20261122093000_flag', phase: 'backfill' } as const

function batch(done: number): PhasegateEvent {
  const progress = { done, total: 1000, rowsPerSecond: 250, etaSeconds: 3, paused: false, throttleReason: null }
  return { type: 'batch.done', unit, rows: 100, ms: 9, size: 100, progress }
}

function record(options: Partial<OutputOptions> = {}, isTTY = false) {
  const written = { out: '', err: '' }
  const clock = { now: 0 }
  const output = createOutput(
    { format: 'human', quiet: false, verbose: false, color: false, ...options },
    { write: (text: string) => (written.out += text) },
    { write: (text: string) => (written.err += text), isTTY, columns: 80 },
    {},
  )
  return { written, clock, progress: createProgress(output, () => clock.now) }
}

test('without a terminal a backfill says a line every few seconds', () => {
  const { written, clock, progress } = record()
  for (const done of [100, 200, 300, 400]) {
    progress.emit(batch(done))
    clock.now += 2500
  }
  expect(written.err.split('\n')).toEqual([
    '20261122093000_flag:backfill 100 of ~1,000 (10 %) rows, 250 rows/s, 3.0 s left',
    '20261122093000_flag:backfill 300 of ~1,000 (30 %) rows, 250 rows/s, 3.0 s left',
    '',
  ])
  expect(written.out).toBe('')
})

test('on a terminal one line is drawn again, and ends before anything else is said', () => {
  const { written, progress } = record({}, true)
  progress.emit(batch(100))
  progress.emit(batch(200))
  progress.emit({ type: 'unit.changed', unit, state: 'applied' })
  expect(written.err.split('\r\u001b[2K').map((line) => line.slice(-40))).toHaveLength(4)
  expect(written.err.endsWith('\r\u001b[2K20261122093000_flag:backfill applied\n')).toBe(true)
})

test('with --json each event is one line of JSON on stderr', () => {
  const { written, progress } = record({ format: 'json' })
  progress.emit(batch(100))
  expect(JSON.parse(written.err)).toMatchObject({ type: 'batch.done', unit })
  expect(written.out).toBe('')
})

test('--quiet says nothing', () => {
  const { written, progress } = record({ quiet: true }, true)
  progress.emit(batch(100))
  expect(written.err).toBe('')
})
