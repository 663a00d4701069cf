import fc from 'fast-check'
import { expect, test } from 'vitest'
import { progressOf } from './progress.js'
import { recorded } from './recorded.test.support.js'
import { createRowRate } from './row-rate.js'
import { parseStatusLine } from './status-line.js'

const WITH_STATUS = [
  'success',
  'throttled-held',
  'socket',
  'panic',
  'max-lag.stdout',
  'exact-count.stdout',
  'verbose.stdout',
  '1.1.9.stdout',
]

test.each(WITH_STATUS)('every status line of %s is read', (name) => {
  const lines = recorded(name).filter((line) => line.startsWith('Copy: '))
  expect(lines.length).toBeGreaterThan(3)
  expect(lines.map(parseStatusLine)).not.toContain(undefined)
})

test.each([...WITH_STATUS, 'refusals', 'warnings.stderr', 'verbose.stderr'])(
  'nothing else of %s is taken for one',
  (name) => {
    const others = recorded(name).filter((line) => !line.startsWith('Copy: '))
    expect(others.map(parseStatusLine).filter((line) => line !== undefined)).toEqual([])
  },
)

test('a line is read as it stands', () => {
  const line =
    'Copy: 125000/262144 47.7%; Applied: 12; Backlog: 3/1000; Time: 1h2m3s(total), 1h1m0s(copy); streamer: binlog.000001:162473482; Lag: 0.01s, HeartbeatLag: 2.02s, State: throttled, lag=2.011450s; ETA: 2s'
  expect(parseStatusLine(line)).toEqual({
    copied: 125_000,
    estimate: 262_144,
    applied: 12,
    backlog: 3,
    seconds: 3723,
    lag: 2.02,
    state: 'throttled, lag=2.011450s',
  })
})

test('before the first heartbeat the lag is unknown', () => {
  const line =
    'Copy: 0/0 100.0%; Applied: 0; Backlog: 0/1000; Time: 0s(total), 0s(copy); streamer: a:1; Lag: 9223372036.85s, HeartbeatLag: 9223372036.85s, State: migrating; ETA: due'
  expect(parseStatusLine(line)?.lag).toBe(null)
})

const wild = fc.oneof(
  fc.string(),
  fc
    .record({
      copied: fc.nat(),
      estimate: fc.nat(),
      percent: fc.double(),
      time: fc.oneof(fc.string(), fc.constantFrom('0s', '9s', '2h6m30s', '99999999999999999999h')),
      lag: fc.oneof(
        fc.string(),
        fc.double().map((lag) => lag.toFixed(2)),
      ),
      state: fc.oneof(fc.string(), fc.constantFrom('migrating', 'postponing cut-over', 'throttled, flag-file')),
      eta: fc.oneof(fc.string(), fc.constantFrom('due', 'N/A', '4s')),
    })
    .map(
      ({ copied, estimate, percent, time, lag, state, eta }) =>
        `Copy: ${copied}/${estimate} ${percent.toFixed(1)}%; Applied: 0; Backlog: 0/1000; Time: ${time}(total), 0s(copy); streamer: a:1; Lag: ${lag}s, HeartbeatLag: ${lag}s, State: ${state}; ETA: ${eta}`,
    ),
)

test('whatever is written, the progress is within its bounds', () => {
  fc.assert(
    fc.property(fc.array(wild), fc.option(fc.nat()), fc.boolean(), (lines, rows, released) => {
      const rate = createRowRate()
      for (const line of lines) {
        const status = parseStatusLine(line)
        if (status === undefined) continue
        const { state, done, total, percent, rowsPerSecond, etaSeconds, lagSeconds } = progressOf(status, {
          ...{ rows, rate, released },
        })
        const complete = state !== 'copying'
        const noEstimate = status.estimate <= status.copied && (rows ?? 0) <= status.copied
        expect(done).toBe(status.copied)
        if (complete) expect(percent).toBe(100)
        else if (noEstimate) expect([percent, total, etaSeconds]).toEqual([null, null, null])
        else expect(percent! >= 0 && percent! < 100).toBe(true)
        for (const one of [rowsPerSecond, etaSeconds, lagSeconds])
          if (one !== null) expect(one).toBeGreaterThanOrEqual(0)
        for (const one of [percent, total, rowsPerSecond, etaSeconds, lagSeconds]) expect(one).not.toBeNaN()
      }
    }),
  )
})
