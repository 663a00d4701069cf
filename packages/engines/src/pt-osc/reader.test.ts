import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Job } from '../engine.js'
import { ptOsc } from './pt-osc.js'
import { createReader } from './reader.js'
import { readRecorded, recorded, VERSIONS } from './recorded.test.support.js'

describe.each(VERSIONS)('%s', (version) => {
  test('how far it is, and when it is done', () => {
    const reader = createReader(null)
    expect(reader.progress()).toMatchObject({ state: 'starting', percent: null, total: null })
    const stdout = recorded(`${version}.held`, 'stdout')
    const begins = stdout.findIndex((line) => line.includes('Copying approximately'))
    const copied = stdout.findIndex((line) => line.includes('Copied rows OK'))
    const rows = Number(/approximately (\d+)/.exec(stdout[begins]!)?.[1])
    for (const line of stdout.slice(0, begins + 1)) reader.take(line, 'stdout')
    expect(reader.progress()).toMatchObject({ state: 'copying', percent: null, done: null, etaSeconds: null })
    const percents = recorded(`${version}.held`, 'stderr')
      .filter((line) => line !== '')
      .map((line) => {
        reader.take(line, 'stderr')
        const { percent, done, total, rowsPerSecond, etaSeconds } = reader.progress()
        expect(total).toBe(rows)
        expect(done).toBe(Math.round((rows * percent!) / 100))
        expect(rowsPerSecond).toBeCloseTo((rows - done!) / etaSeconds!)
        return percent!
      })
    expect(percents.length).toBeGreaterThan(8)
    expect(percents).toEqual([...percents].sort((a, b) => a - b))
    for (const line of stdout.slice(begins + 1, copied)) reader.take(line, 'stdout')
    expect(reader.progress()).toMatchObject({ paused: true, throttleReason: 'pause file' })
    reader.take(stdout[copied]!, 'stdout')
    expect(reader.progress()).toMatchObject({ percent: 100, paused: false, etaSeconds: 0, throttleReason: null })
    expect(reader.complete()).toBe(false)
    for (const line of stdout.slice(copied)) reader.take(line, 'stdout')
    expect(reader.complete()).toBe(true)
    expect(reader.failure()).toEqual([])
  })

  test.each(['empty', 'foreign-keys'])('%s: complete, nothing to complain of', (name) => {
    const reader = readRecorded(`${version}.${name}`)
    expect([reader.complete(), reader.lossy(), reader.failure()]).toEqual([true, false, []])
  })

  test('foreign keys: it swaps by itself', () => {
    expect(readRecorded(`${version}.foreign-keys`).progress().state).toBe('cutting over')
  })

  test('values that were cut are told, though it says that all went well', () => {
    const reader = readRecorded(`${version}.lossy`)
    expect([reader.complete(), reader.lossy()]).toEqual([true, true])
    expect(reader.failure()[0]).toBe(
      "Copying rows caused a MySQL error 1265: Data truncated for column 'name' at row 2",
    )
  })

  test.each([
    ['not-null', /Column 'name' cannot be null/],
    ['password', /Access denied for user 'admin'@/],
    ['bad-alter', /nonsense/],
    ['killed', /Lost connection to server during query/],
  ])('%s: why it failed', (name, why) => {
    const reader = readRecorded(`${version}.${name}`)
    expect(reader.complete()).toBe(false)
    expect(reader.failure().join('\n')).toMatch(why)
    expect(new Set(reader.failure()).size).toBe(reader.failure().length)
  })
})

test('an estimate of 0 takes its place from the statistics, or is unknown', () => {
  for (const rows of [null, 200]) {
    const reader = createReader(rows)
    reader.take('2026-11-22T22:36:52 Copying approximately 0 rows...', 'stdout')
    expect(reader.progress()).toMatchObject({ percent: null, total: null, done: null })
    reader.take('Copying `shop`.`users`:  50% 00:09 remain', 'stderr')
    expect(reader.progress()).toMatchObject({ percent: rows === null ? null : 50, total: rows })
  }
})

test('more rows than it expected: nothing is known until it says that it is done', () => {
  const reader = createReader(null)
  reader.take('2026-11-22T22:36:52 Copying approximately 100 rows...', 'stdout')
  reader.take('Copying `shop`.`users`: 100% 00:00 remain', 'stderr')
  expect(reader.progress()).toMatchObject({ percent: null, etaSeconds: null, done: null })
})

const BEGINS = '2026-11-22T22:36:52 Copying approximately 1000 rows...'

test('resumed: what runs before have copied counts, though the tool counts from 0 in percent of the whole table', () => {
  const reader = createReader(null)
  reader.take(BEGINS, 'stdout')
  reader.take('Copying `shop`.`users`:  40% 00:30 remain', 'stderr')
  expect(reader.copied()).toBe(400)
  reader.take('# resumed after 400 rows', 'stderr')
  expect(reader.progress()).toMatchObject({
    percent: 40,
    done: 400,
    total: 1000,
    etaSeconds: null,
    rowsPerSecond: null,
  })
  reader.take(BEGINS, 'stdout')
  // 200 in 10 s of its own: 400 are left, not the 800 that it expects.
  reader.take('Copying `shop`.`users`:  20% 00:40 remain', 'stderr')
  expect(reader.progress()).toMatchObject({ percent: 60, done: 600, etaSeconds: 20, rowsPerSecond: 20 })
  expect(reader.copied()).toBe(600)
  reader.take('Copying `shop`.`users`:  60% 00:20 remain', 'stderr')
  expect(reader.progress()).toMatchObject({ percent: null, done: null, etaSeconds: null })
})

test('resumed after nobody knows how many: how far it is is unknown', () => {
  const reader = createReader(null)
  reader.take(BEGINS, 'stdout')
  reader.take('# resumed after ? rows', 'stderr')
  reader.take('Copying `shop`.`users`:  20% 00:40 remain', 'stderr')
  expect(reader.progress()).toMatchObject({ percent: null, done: null, etaSeconds: null, rowsPerSecond: null })
  expect(reader.copied()).toBe(null)
})

test('what it says when it resumes, and what it began with, says nothing of a failure', () => {
  const reader = readRecorded('3.7.1-mysql-9.7.resumed')
  expect([reader.complete(), reader.lossy(), reader.failure()]).toEqual([true, false, []])
})

test('resumed by whoever comes next: all of one stream, then all of the other', () => {
  const reader = createReader(null)
  const stdout = recorded('3.7.1-mysql-9.7.resumed', 'stdout')
  const rows = Number(/approximately (\d+)/.exec(stdout.join('\n'))?.[1])
  for (const line of stdout.slice(0, stdout.findLastIndex((one) => one.includes('Copying approximately')) + 1))
    reader.take(line, 'stdout')
  const percents: number[] = []
  for (const line of recorded('3.7.1-mysql-9.7.resumed', 'stderr')) {
    reader.take(line, 'stderr')
    const { percent, done, etaSeconds } = reader.progress()
    percents.push(percent!)
    expect(done).toBeLessThanOrEqual(rows)
    if (etaSeconds !== null) expect(etaSeconds).toBeLessThan(60)
  }
  expect(percents).toEqual([...percents].sort((a, b) => a - b))
  expect(percents.at(-1)).toBeGreaterThan(60)
})

test('days that remain', () => {
  const reader = createReader(null)
  reader.take('2026-11-22T22:36:52 Copying approximately 100 rows...', 'stdout')
  reader.take('Copying `shop`.`users`:  23% 6+17:29:10 remain', 'stderr')
  expect(reader.progress().etaSeconds).toBe(((6 * 24 + 17) * 60 + 29) * 60 + 10)
})

test.each([
  // Texts of bin/pt-online-schema-change 3.2.1 and 3.7.1: MySQLStatusWaiter, ReplicaLagWaiter.
  ['Pausing because Threads_running=30.', 'Threads_running=30', null],
  ['Replica lag is 12 seconds on db2.  Waiting.', 'replica db2 is 12 s behind', 12],
  ["(1) Replica 'db2' is stopped.  Waiting.", "replica 'db2' is stopped", null],
  ['Replica db2 is stopped.  Waiting.', 'replica db2 is stopped', null],
])('%s', (line, reason, lag) => {
  const reader = createReader(null)
  reader.take(line, 'stderr')
  expect(reader.progress()).toMatchObject({ throttleReason: reason, lagSeconds: lag, paused: false })
  reader.take('Copying `shop`.`users`:  50% 00:09 remain', 'stderr')
  expect(reader.progress().throttleReason).toBeNull()
})

test('any text: no throw, and a percentage is one', () => {
  const number = fc.nat({ max: 10 ** 9 }).map(String)
  const line = fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    number.map((rows) => `2026-11-22T22:36:52 Copying approximately ${rows} rows...`),
    number.map((rows) => `# resumed after ${rows} rows`),
    fc.tuple(number, number, number).map(([p, h, m]) => `Copying \`a\`.\`b\`: ${p}% ${h}+${m}:01:02 remain`),
    fc.constantFrom(
      '2026-11-22T22:36:52 Copied rows OK.',
      '# resumed after ? rows',
      'Sleeping 60 seconds because /x exists',
      ...recorded('3.7.1-mysql-9.7.held', 'stderr'),
    ),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(line, fc.constantFrom('stdout', 'stderr'))), fc.option(fc.nat()), (lines, rows) => {
      const reader = createReader(rows)
      for (const [text, stream] of lines) {
        reader.take(text, stream as 'stdout')
        const { percent, total, done, etaSeconds, rowsPerSecond } = reader.progress()
        expect(percent === null || (percent >= 0 && percent <= 100)).toBe(true)
        if (total === 0) throw new Error('an estimate of 0 is none')
        expect(done === null || total === null || done <= total).toBe(true)
        for (const each of [etaSeconds, rowsPerSecond])
          expect(each === null || (each >= 0 && Number.isFinite(each))).toBe(true)
      }
      expect(reader.failure().length).toBeLessThanOrEqual(6)
    }),
  )
})

test('a resumed run that took the table for a small one has copied nothing, whatever it says', () => {
  const judged = (rows: number, resumed: boolean, given: readonly string[] = []) => {
    const reader = createReader(null)
    if (resumed) reader.take('# resumed after 10 rows', 'stderr')
    for (const line of [
      '2026-11-22T22:36:52 Created triggers OK.',
      `2026-11-22T22:36:52 Copying approximately ${rows} rows...`,
      '2026-11-22T22:36:52 Copied rows OK.',
      'Successfully altered `shop`.`users`.',
    ])
      reader.take(line, 'stdout')
    const job = { table: { referencedBy: [] }, settings: { arguments: given } } as unknown as Job
    return ptOsc.judge(job, { code: 0, signal: null }, reader)
  }
  expect([judged(4000, true), judged(4001, true), judged(4000, false)]).toEqual(['failed', 'held', 'held'])
  expect(judged(4001, true, ['--chunk-size=2000'])).toBe('failed')
})
