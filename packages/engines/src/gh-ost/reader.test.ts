import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createReader } from './reader.js'
import { recorded } from './recorded.test.support.js'

/** What stands after each status line. */
function history(name: string, rows: number | null = null) {
  const reader = createReader(rows)
  return recorded(name).flatMap((line) => {
    reader.take(line, 'stdout')
    return line.startsWith('Copy: ') ? [reader.progress()] : []
  })
}

test('with an estimate of 0 nothing is known of percent and time, however much gh-ost prints 100.0%', () => {
  const copying = history('success').filter(({ state }) => state === 'copying')
  expect(copying.map(({ percent, total, etaSeconds }) => ({ percent, total, etaSeconds }))).toEqual(
    copying.map(() => ({ percent: null, total: null, etaSeconds: null })),
  )
  expect(copying.at(-1)).toMatchObject({ done: 184_000, lagSeconds: 0.02, paused: false })
  expect(copying.at(-1)?.rowsPerSecond).toBeCloseTo(184_000 / 9)
})

test("the server's statistics take the place of an estimate of 0", () => {
  const halfway = history('success', 200_000).find(({ done }) => done === 90_000)
  expect(halfway).toMatchObject({ percent: 45, total: 200_000 })
  expect(halfway?.etaSeconds).toBeCloseTo(110_000 / (90_000 / 5))
})

test('an exact count is believed', () => {
  const states = history('exact-count.stdout')
  expect(states.find(({ done }) => done === 67_000)?.percent).toBeCloseTo(25.6, 1)
  expect(states.at(-1)).toMatchObject({ state: 'catching up', percent: 100, etaSeconds: 0, rowsPerSecond: null })
})

test('a pause of ours, a hold and the swap after it are told apart', () => {
  const states = history('throttled-held').map(({ state, paused, throttleReason }) => [state, paused, throttleReason])
  const different = states.filter((state, at) => String(state) !== String(states[at - 1]))
  expect(different).toEqual([
    ['copying', false, null],
    ['copying', true, 'flag-file'],
    ['copying', false, null],
    ['copying', true, 'commanded by user'],
    ['copying', false, null],
    ['catching up', false, null],
    ['held', false, null],
    ['cutting over', false, null],
  ])
})

test('a wait for the lag is a reason, not a pause', () => {
  const waiting = history('max-lag.stdout').filter(({ throttleReason }) => throttleReason !== null)
  expect(waiting[0]).toMatchObject({ paused: false, throttleReason: 'lag=0.511450s' })
})

const failureOf = (lines: readonly string[]): readonly string[] => {
  const reader = createReader(null)
  for (const line of lines) reader.take(line, 'stderr')
  return reader.failure()
}

test('a refusal is said once, without its time', () => {
  const lines = recorded('refusals')
  const triggers = lines.slice(lines.indexOf('### table trg') + 1, lines.indexOf('### table nope'))
  expect(failureOf(triggers)).toEqual([
    'found triggers on `shop`.`trg`. Tables with triggers are supported only when using "include-triggers" flag. Bailing out',
  ])
})

test('of a warning that a thousand rows have, one is shown', () => {
  const [line, ...more] = failureOf(recorded('warnings.stderr'))
  expect(more).toEqual([])
  expect(line).toMatch(/SQL warnings: \[Warning: Duplicate entry '0' for key '_users_gho\.uniq_n' \(1062\)/)
  expect(line!.length).toBeLessThanOrEqual(500)
})

test('what a process before it wrote to the same files is history', () => {
  const reader = createReader(null)
  for (const line of recorded('warnings.stderr')) reader.take(line, 'stderr')
  for (const line of recorded('verbose.stderr')) reader.take(line, 'stderr')
  expect(reader.failure()).toEqual([])
})

test('words of Go itself count', () => {
  expect(failureOf(['panic: runtime error: index out of range', 'goroutine 1 [running]:'])).toEqual([
    'panic: runtime error: index out of range',
  ])
})

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.constantFrom('stdout', 'stderr'))), (lines) => {
      const reader = createReader(null)
      for (const [line, stream] of lines) reader.take(line, stream as 'stdout')
      const { percent } = reader.progress()
      expect(percent === null || (percent >= 0 && percent <= 100)).toBe(true)
    }),
  )
})
