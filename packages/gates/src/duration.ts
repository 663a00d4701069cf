import { EXIT, PhasegateError } from '@phasegate/core'

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** Longer than any gate can mean, and short enough for dates. */
const MAX = 100 * 366 * UNITS.d

/**
 * Reads `90s`, `30m`, `24h`, `7d` or `2w` as ms.
 *
 * @throws `GATE.DURATION` for anything else, zero and more than a hundred years included
 */
export function parseDuration(text: string): number {
  const match = /^(\d+)([smhdw])$/.exec(text)
  const ms = match === null ? 0 : Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]
  if (ms <= 0 || ms > MAX) throw durationError(text)
  return ms
}

/** `3d 4h`, `20m`, `45s`: the two greatest units, and seconds only where there is nothing greater, for a person. */
export function describeDuration(ms: number): string {
  const minutes = Math.floor(ms / UNITS.m)
  const parts = [
    [Math.floor(minutes / 1440), 'd'],
    [Math.floor(minutes / 60) % 24, 'h'],
    [minutes % 60, 'm'],
  ] as const
  const shown = parts.filter(([count]) => count > 0).slice(0, 2)
  return shown.length === 0 ? `${Math.floor(ms / UNITS.s)}s` : shown.map(([count, unit]) => `${count}${unit}`).join(' ')
}

function durationError(text: string): PhasegateError {
  return new PhasegateError({
    code: 'GATE.DURATION',
    message: `'${text}' is not a duration that a gate understands.`,
    why: 'A duration is a whole number above zero with one unit: s, m, h, d or w.',
    next: ["Write for example '90s', '24h', '7d' or '2w'."],
    exit: EXIT.usage,
  })
}
