import { NO_BATCHES, type PhasegateEvent, readProgress, type UnitId } from '@phasegate/core'
import { expect, test } from 'vitest'
import { createOutput, type OutputOptions } from './output.js'
import { createProgress } from './progress.js'

const unit = { migration: '20261122093000_flag', phase: 'backfill' } as const

const PROGRESS = { ...readProgress({})!, total: 1000, rowsPerSecond: 250, etaSeconds: 3, batchSize: 100 }

function batch(done: number, of: UnitId = unit): PhasegateEvent {
  return {
    type: 'batch.done',
    unit: of,
    rows: 100,
    ms: 9,
    size: 100,
    progress: { ...PROGRESS, done, percent: done / 10 },
  }
}

function record(options: Partial<OutputOptions> = {}, isTTY = false, columns = 80) {
  const written = { out: '', err: '' }
  const clock = { now: 0 }
  const output = createOutput(
    { format: 'human', quiet: false, verbose: false, color: false, ...options },
    { write: (text: string) => (written.out += text) },
    { write: (text: string) => (written.err += text), isTTY, columns },
    {},
  )
  return { written, clock, progress: createProgress(output, () => clock.now) }
}

const ESC = '\u001b'
const SENT = new RegExp(`${ESC}\\[(\\d+)A|${ESC}\\[2K|${ESC}\\[J|\\r|\\n|[^${ESC}\\r\\n]+`, 'g')

/** What a terminal shows after it was sent this: the cursor moved up and back, a line or the rest of the screen erased. */
function screen(sent: string): readonly string[] {
  const lines = ['']
  let row = 0
  let column = 0
  for (const [part, up] of sent.matchAll(SENT)) {
    const line = lines[row] ?? ''
    if (up !== undefined) row -= Number(up)
    else if (part === `${ESC}[2K`) lines[row] = ''
    else if (part === `${ESC}[J`) lines.splice(row, lines.length, line.slice(0, column))
    else if (part === '\r') column = 0
    else if (part === '\n') {
      column = 0
      lines[++row] ??= ''
    } else {
      lines[row] = line.slice(0, column) + part + line.slice(column + part.length)
      column += part.length
    }
  }
  return lines
}

test('without a terminal a backfill says a line every few seconds', () => {
  const { written, clock, progress } = record()
  for (const done of [100, 200, 300, 400]) {
    progress.emit(batch(done))
    clock.now += 2500
  }
  expect(written.err.split('\n')).toEqual([
    '20261122093000_flag:backfill 100 of ~1,000 rows (10 %), 250 rows/s, 3.0 s left, batches of 100',
    '20261122093000_flag:backfill 300 of ~1,000 rows (30 %), 250 rows/s, 3.0 s left, batches of 100',
    '',
  ])
  expect(written.out).toBe('')
})

test('on a terminal one line is drawn again, and ends before anything else is said', () => {
  const { written, clock, progress } = record({}, true)
  for (const done of [100, 200]) {
    progress.emit(batch(done))
    clock.now += 100
  }
  progress.emit({ type: 'unit.changed', unit, state: 'applied' })
  expect(screen(written.err)).toEqual(['20261122093000_flag:backfill applied', ''])
  const drawn = written.err.split('\u001b[2K').slice(1)
  expect(drawn.map((line) => line.slice(0, 18))).toEqual(['flag:backfill 100 ', 'flag:backfill 200 '])
})

test('a terminal is not drawn to more often than anybody can see', () => {
  const { written, clock, progress } = record({}, true)
  for (let done = 1; done <= 500; done++) {
    progress.emit(batch(done))
    clock.now += 2
  }
  expect(written.err.split('\u001b[2K').length - 1).toBe(10)
})

test('several backfills have a live line each', () => {
  const { written, clock, progress } = record({}, true)
  const other = { migration: '20261122100000_other', phase: 'backfill' } as const
  for (const done of [100, 200]) {
    progress.emit(batch(done))
    progress.emit(batch(done * 2, other))
    clock.now += 100
  }
  expect(screen(written.err).map((line) => line.slice(0, 18))).toEqual(['flag:backfill 200 ', '20261122100000_oth'])
  progress.end()
  expect(screen(written.err)).toEqual([''])
})

test('a line is never longer than the terminal, however narrow it is', () => {
  for (const columns of [200, 80, 60, 40, 20, 10]) {
    const { written, progress } = record({}, true, columns)
    progress.emit(batch(500))
    expect(screen(written.err)[0]!.length).toBeLessThan(columns)
  }
})

test('the end of a backfill says what its batches cost', () => {
  const { written, progress } = record({}, true)
  progress.emit(batch(100))
  progress.emit({ type: 'backfill.ended', unit, progress: PROGRESS, batches: { ...NO_BATCHES, batches: 3, rows: 30 } })
  expect(screen(written.err)[0]).toContain('20261122093000_flag:backfill 3 batches, 30 rows')
})

test('nothing is said of a backfill that had no batch to do', () => {
  const { written, progress } = record()
  progress.emit({ type: 'backfill.ended', unit, progress: PROGRESS, batches: NO_BATCHES })
  expect(written.err).toBe('')
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
