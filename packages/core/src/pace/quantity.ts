import type { SignalUnit } from './throttle-settings.js'

const TIMES = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const SIZES = { B: 1, kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 } as const

/** ms of a number, or of text with a unit: `'500ms'`, `'10s'`, `'5m'`, `'2h'`. Undefined where it is neither. */
export function readDuration(value: unknown): number | undefined {
  return read(value, TIMES, 'ms')
}

/** Bytes of a number, or of text with a unit as PostgreSQL has them: `'512MB'`, `'8GB'`; powers of 1024. */
export function readBytes(value: unknown): number | undefined {
  return read(value, SIZES, 'B')
}

/** `1.5 s`, `12 min`, `3 h` */
export function describeMs(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${Number((ms / 1000).toFixed(1))} s`
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`
}

/** `512 MB` */
function describeBytes(bytes: number): string {
  const [unit, size] = Object.entries(SIZES).findLast(([, one]) => bytes >= one) ?? ['B', 1]
  return `${Number((bytes / size).toFixed(1))} ${unit}`
}

const DESCRIBE: Readonly<Record<SignalUnit, (value: number) => string>> = {
  ms: describeMs,
  bytes: describeBytes,
  count: (value) => Number(value.toFixed(2)).toLocaleString('en-US'),
}

/** A value of a signal with its unit, as short as a person reads it: `30 s`, `8 GB`, `1,000,000`. */
export function describeSignal(unit: SignalUnit, value: number): string {
  return DESCRIBE[unit](value)
}

function read(value: unknown, units: Readonly<Record<string, number>>, plain: string): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined
  if (typeof value !== 'string') return undefined
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(value.trim())
  if (match === null) return undefined
  const unit = match[2] === '' ? plain : match[2]!
  return Object.hasOwn(units, unit) ? Number(match[1]) * units[unit]! : undefined
}
