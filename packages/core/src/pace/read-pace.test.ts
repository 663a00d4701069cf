import { expect, test } from 'vitest'
import { PaceProblem, readOwnThrottle, readThrottle, readWindows } from './read-pace.js'

function problem(read: () => unknown): PaceProblem {
  try {
    read()
  } catch (error) {
    if (error instanceof PaceProblem) return error
    throw error
  }
  throw new Error('it was taken')
}

test('limits are read in the unit of their signal', () => {
  expect(
    readThrottle({ replicaLag: { soft: '2s', hard: '1m' }, slotWal: { hard: '8GB' }, threadsRunning: { soft: 30 } }),
  ).toEqual({
    signals: {
      replicaLag: { soft: 2000, hard: 60_000 },
      slotWal: { soft: null, hard: 8 * 1024 ** 3 },
      threadsRunning: { soft: 30, hard: null },
    },
  })
})

test('false turns a signal off, or all of them', () => {
  expect(readThrottle({ waiters: false })).toEqual({ signals: { waiters: null } })
  expect(readThrottle(false)).toBe(false)
})

test('checks from elsewhere may be one or a list', () => {
  expect(
    readThrottle({
      query: ['SELECT 1 FROM busy', { sql: 'SELECT 5', hard: 4 }],
      http: 'http://freno/check',
      prometheus: { url: 'https://prometheus', query: 'up', soft: 1 },
    }),
  ).toEqual({
    signals: {},
    queries: [
      { sql: 'SELECT 1 FROM busy', limits: null },
      { sql: 'SELECT 5', limits: { soft: null, hard: 4 } },
    ],
    http: ['http://freno/check'],
    prometheus: [{ url: 'https://prometheus', query: 'up', limits: { soft: 1, hard: null } }],
  })
})

test.each([
  [{ replicaLagg: { soft: 1 } }, 'replicaLagg', "perhaps 'replicaLag'"],
  [{ replicaLag: { soft: 'soon' } }, 'replicaLag.soft', 'a duration'],
  [{ replicaLag: { max: 1 } }, 'replicaLag.max', 'one of soft, hard'],
  [{ replicaLag: {} }, 'replicaLag', 'soft, hard or both'],
  [{ waiters: { soft: 5, hard: 1 } }, 'waiters.hard', 'at least as much as soft'],
  [{ http: 'freno/check' }, 'http', 'http://'],
  [{ every: 10 }, 'every', '100 ms or more'],
  [{ query: { sql: '' } }, 'query.sql', 'an SQL query'],
  [{ prometheus: { url: 'http://p', query: 'up' } }, 'prometheus', 'soft, hard or both'],
])('%j is refused at its place', (value, path, expected) => {
  const found = problem(() => readThrottle(value))
  expect(found.path.join('.')).toBe(path)
  expect(found.expected).toContain(expected)
})

test('windows may be one or a list, and nothing else', () => {
  expect(readWindows('22:00-06:00')).toHaveLength(1)
  expect(readWindows(['22:00-06:00', '12:00-13:00 Europe/Berlin'])).toHaveLength(2)
  expect(problem(() => readWindows('at night')).expected).toContain('22:00-06:00 Europe/Berlin')
  expect(problem(() => readWindows([5])).expected).toContain('22:00-06:00 Europe/Berlin')
})

const URL_OF_REPLICA = 'mysql://reader:s3cret@replica-1/shop'

test('replicas are URLs beside the limits of their lag, which may be left out', () => {
  expect(readThrottle({ replicaLag: { replicas: URL_OF_REPLICA } })).toEqual({
    signals: {},
    replicas: [URL_OF_REPLICA],
  })
  expect(readThrottle({ replicaLag: { soft: 5, replicas: [URL_OF_REPLICA] } })).toEqual({
    signals: { replicaLag: { soft: 5, hard: null } },
    replicas: [URL_OF_REPLICA],
  })
  expect(readThrottle({ replicaLag: false })).toEqual({ signals: { replicaLag: null } })
})

test.each([[[]], ['replica-1'], ['mysql://reader:s3cret@replica-1'], [5], [[URL_OF_REPLICA, 'reader:s3cret@b/c']]])(
  'replicas that are no URLs of databases are refused without being shown',
  (replicas) => {
    const found = problem(() => readThrottle({ replicaLag: { replicas } }))
    expect(found.path).toEqual(['replicaLag', 'replicas'])
    expect(found.message).not.toContain('s3cret')
  },
)

test('a migration cannot name replicas', () => {
  const found = problem(() => readOwnThrottle({ replicaLag: { replicas: [URL_OF_REPLICA] } }))
  expect(found.expected).toContain('configuration')
  expect(found.message).not.toContain('s3cret')
  expect(readOwnThrottle({ replicaLag: { hard: 5 } })).toEqual({ signals: { replicaLag: { soft: null, hard: 5 } } })
})
