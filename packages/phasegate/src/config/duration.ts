/** ms as a number, or text with a unit: `'500ms'`, `'60s'`, `'10m'`, `'24h'`, `'7d'`. */
export type Duration = number | string

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Reads a duration as ms; undefined where it is not one. A bare number in text counts as ms. */
export function parseDuration(value: Duration): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(value.trim())
  if (match === null) return undefined
  return Number(match[1]) * UNITS[(match[2] ?? 'ms') as keyof typeof UNITS]
}
