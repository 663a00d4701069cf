import type { SourceLocation } from '../error/phasegate-error.js'
import { PaceProblem, readOwnThrottle, readWindows } from '../pace/read-pace.js'
import type { ThrottleSettings, TimeWindow } from '../pace/throttle-settings.js'
import { sqlFileError } from './sql-file-errors.js'

/** The value of one line. */
export interface Line {
  readonly value: string
  readonly where: SourceLocation
}

/**
 * Reads `22:00-06:00 Europe/Berlin, 12:00-13:00`.
 *
 * @throws `MIGRATION.BAD_SETTING`
 */
export function readOnly({ value, where }: Line): readonly TimeWindow[] {
  return readAt(() => readWindows(value.split(',')), 'only', where, '-- only: 22:00-06:00 Europe/Berlin')
}

/**
 * Reads lines of one signal each, `replicaLag soft=2s hard=10s` or `waiters off`; of one that is asked elsewhere,
 * `http=http://freno/check`; `every=500ms`, `standbys=reading-1,reading-2`; or `off` alone. Queries and Prometheus belong
 * into the configuration or a TypeScript file.
 *
 * @throws `MIGRATION.BAD_SETTING`
 */
export function readThrottleLines(lines: readonly Line[]): ThrottleSettings | false {
  const given: Record<string, unknown> = {}
  for (const { value, where } of lines) {
    if (value === 'off') {
      if (lines.length === 1) return false
      throw badThrottle('throttle is off, and another line says what to look at.', where)
    }
    const [name, setting] = readLine(value, where)
    if (Object.hasOwn(given, name)) throw badThrottle(`throttle names ${name} twice.`, where)
    given[name] = setting
    // Read line by line, so that a problem has its line.
    readAt(() => readOwnThrottle({ [name]: setting }), 'throttle', where, HOW)
  }
  return readOwnThrottle(given)
}

const HOW = '-- throttle: replicaLag soft=2s hard=10s, one signal a line; -- throttle: waiters off; or -- throttle: off'

const PLAIN = /^(every|standbys|http)=(\S+)$/

function readLine(value: string, where: SourceLocation): readonly [name: string, setting: unknown] {
  const [, plain, text] = PLAIN.exec(value) ?? []
  if (plain !== undefined && text !== undefined) return [plain, plain === 'standbys' ? text.split(',') : text]
  const [name = '', ...rest] = value.split(/\s+/)
  if (rest.length === 1 && rest[0] === 'off') return [name, false]
  const limits = rest.map((entry) => /^(\w+)=(\S+)$/.exec(entry))
  if (name === '' || name.includes('=') || limits.includes(null) || limits.length === 0)
    throw badThrottle(`throttle cannot be read at '${value}'.`, where)
  const pairs = limits.map((match) => [match![1]!, numberOr(match![2]!)] as const)
  if (new Set(pairs.map(([limit]) => limit)).size < pairs.length)
    throw badThrottle(`throttle names a limit of ${name} twice.`, where)
  return [name, Object.fromEntries(pairs)]
}

/** `30` is a number; `2s` is a text that has a unit. */
function numberOr(text: string): number | string {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

function readAt<T>(read: () => T, setting: 'only' | 'throttle', where: SourceLocation, how: string): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof PaceProblem)) throw error
    const at = [setting, ...error.path].join('.')
    throw sqlFileError('MIGRATION.BAD_SETTING', `${at} is not ${error.expected}.`, where, [`Write ${how}`])
  }
}

function badThrottle(message: string, where: SourceLocation): Error {
  return sqlFileError('MIGRATION.BAD_SETTING', message, where, [`Write ${HOW}`])
}
