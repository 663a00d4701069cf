import { nearestName } from '../nearest-name.js'
import { readBytes, readDuration } from './quantity.js'
import {
  type PrometheusCheck,
  type QueryCheck,
  SIGNAL_UNITS,
  type SignalLimits,
  type SignalName,
  type SignalUnit,
  type ThrottleSettings,
  type TimeWindow,
} from './throttle-settings.js'
import { readTimeWindow } from './time-window.js'

/** What is wrong with a setting of the pace: where in it, and what it should be. */
export class PaceProblem extends Error {
  /** Keys from the setting on: `['replicaLag', 'soft']`. */
  readonly path: readonly string[]
  readonly expected: string
  constructor(path: readonly string[], expected: string) {
    super(`${path.join('.')}: ${expected}`)
    this.path = path
    this.expected = expected
  }
}

/** Reads `only`: one window or a list of them. Throws a `PaceProblem`. */
export function readWindows(value: unknown): readonly TimeWindow[] {
  return list(value).map((text) => {
    const window = typeof text === 'string' ? readTimeWindow(text) : undefined
    if (window !== undefined) return window
    throw new PaceProblem([], "a time window such as '22:00-06:00 Europe/Berlin', or a list of them")
  })
}

const OTHERS = ['every', 'standbys', 'query', 'http', 'prometheus'] as const

/** Reads `throttle` of a configuration. Throws a `PaceProblem`. */
export function readThrottle(value: unknown): ThrottleSettings | false {
  if (value === false) return false
  const given = object(value, [], 'an object of signals and their limits, or false')
  const signals: { [name in SignalName]?: SignalLimits | null } = {}
  for (const [key, limits] of Object.entries(given)) {
    if (limits === undefined || (OTHERS as readonly string[]).includes(key)) continue
    if (!isSignal(key)) throw unknownKey([key], [...Object.keys(SIGNAL_UNITS), ...OTHERS])
    const read = key === 'replicaLag' ? withoutReplicas(limits) : limits
    if (read !== undefined) signals[key] = read === false ? null : readLimits(read, SIGNAL_UNITS[key], [key])
  }
  const { every, standbys, query, http, prometheus } = given
  const replicas = readReplicas(given.replicaLag)
  return {
    signals,
    ...(every === undefined ? {} : { every: readEvery(every) }),
    ...(standbys === undefined ? {} : { standbys: texts(standbys, 'standbys', "names of standbys: ['replica-1']") }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(query === undefined ? {} : { queries: list(query).map(readQuery) }),
    ...(http === undefined ? {} : { http: list(http).map((url) => readUrl(url, ['http'])) }),
    ...(prometheus === undefined ? {} : { prometheus: list(prometheus).map(readPrometheus) }),
  }
}

/** Reads `throttle` of a migration: replicas are not its, since their URLs hold passwords, and plans show a migration. */
export function readOwnThrottle(value: unknown): ThrottleSettings | false {
  const throttle = readThrottle(value)
  if (throttle === false || throttle.replicas === undefined) return throttle
  throw new PaceProblem(['replicaLag', 'replicas'], 'a setting of a migration: put it into the configuration')
}

function isSignal(key: string): key is SignalName {
  return Object.hasOwn(SIGNAL_UNITS, key)
}

/** Undefined: nothing is said of limits. */
function withoutReplicas(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('replicas' in value)) return value
  const { replicas: _, ...limits } = value
  return Object.keys(limits).length === 0 ? undefined : limits
}

/** What is wrong with one is said without showing it. */
function readReplicas(limits: unknown): readonly string[] | undefined {
  if (typeof limits !== 'object' || limits === null || !('replicas' in limits) || limits.replicas === undefined) return
  const all = list(limits.replicas)
  const isUrl = (one: unknown): boolean => typeof one === 'string' && /^\w+:\/\/.*\/./.test(one) && URL.canParse(one)
  if (all.length > 0 && all.every(isUrl)) return all as readonly string[]
  throw new PaceProblem(
    ['replicaLag', 'replicas'],
    "URLs with a database as the target's own: ['mysql://user:password@replica-1:3306/database']",
  )
}

function readEvery(value: unknown): number {
  const ms = readDuration(value)
  if (ms === undefined || ms < 100) throw new PaceProblem(['every'], "100 ms or more: '1s'")
  return ms
}

const QUANTITIES: Readonly<Record<SignalUnit, { read(value: unknown): number | undefined; expected: string }>> = {
  ms: { read: readDuration, expected: "a duration in ms or text such as '500ms', '10s'" },
  bytes: { read: readBytes, expected: "a size in bytes or text such as '512MB', '8GB'" },
  count: { read: readCount, expected: 'a number' },
}

function readCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function readLimits(value: unknown, unit: SignalUnit, path: readonly string[]): SignalLimits {
  const given = object(value, path, 'limits: { soft, hard }, or false')
  assertKeys(given, ['soft', 'hard'], path)
  return limitsOf(given, unit, path)
}

function limitsOf(given: Readonly<Record<string, unknown>>, unit: SignalUnit, path: readonly string[]): SignalLimits {
  const { read, expected } = QUANTITIES[unit]
  const limit = (name: 'soft' | 'hard'): number | null => {
    if (given[name] === undefined) return null
    const number = read(given[name])
    if (number === undefined) throw new PaceProblem([...path, name], expected)
    return number
  }
  const limits = { soft: limit('soft'), hard: limit('hard') }
  if (limits.soft === null && limits.hard === null) throw new PaceProblem(path, 'soft, hard or both')
  if (limits.soft !== null && limits.hard !== null && limits.soft > limits.hard)
    throw new PaceProblem([...path, 'hard'], 'at least as much as soft')
  return limits
}

function readQuery(value: unknown): QueryCheck {
  if (typeof value === 'string' && value.trim() !== '') return { sql: value, limits: null }
  const given = object(value, ['query'], "an SQL query, or { sql: 'SELECT …', soft, hard }")
  assertKeys(given, ['sql', 'soft', 'hard'], ['query'])
  if (typeof given.sql !== 'string' || given.sql.trim() === '') throw new PaceProblem(['query', 'sql'], 'an SQL query')
  const limited = given.soft !== undefined || given.hard !== undefined
  return { sql: given.sql, limits: limited ? limitsOf(given, 'count', ['query']) : null }
}

function readPrometheus(value: unknown): PrometheusCheck {
  const given = object(value, ['prometheus'], '{ url, query, soft, hard }')
  assertKeys(given, ['url', 'query', 'soft', 'hard'], ['prometheus'])
  if (typeof given.query !== 'string' || given.query.trim() === '')
    throw new PaceProblem(['prometheus', 'query'], 'a PromQL expression')
  return {
    url: readUrl(given.url, ['prometheus', 'url']),
    query: given.query,
    limits: limitsOf(given, 'count', ['prometheus']),
  }
}

function readUrl(value: unknown, path: readonly string[]): string {
  // gh-ost silently checks nothing where a URL has no scheme.
  if (typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value)) return value
  throw new PaceProblem(path, 'a URL that begins with http:// or https://')
}

function texts(value: unknown, key: string, expected: string): readonly string[] {
  const all = list(value)
  if (all.every((text) => typeof text === 'string' && text !== '')) return all as readonly string[]
  throw new PaceProblem([key], expected)
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

function object(value: unknown, path: readonly string[], expected: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>
  throw new PaceProblem(path, expected)
}

function assertKeys(given: object, known: readonly string[], path: readonly string[]): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key))
  if (unknown !== undefined) throw unknownKey([...path, unknown], known)
}

function unknownKey(path: readonly string[], known: readonly string[]): PaceProblem {
  const nearest = nearestName(path.at(-1)!, known)
  return new PaceProblem(
    path,
    nearest === undefined ? `one of ${known.join(', ')}` : `a setting here (perhaps '${nearest}')`,
  )
}
