import { createHash } from 'node:crypto'

/** Another format is a note, never drift. */
const FORMAT = 1

/** Hash of what was authored in a unit, with the format version in front: `1:9f86d0…`. Key order does not count. */
export function fingerprint(authored: unknown): string {
  return `${FORMAT}:${createHash('sha256').update(canonical(authored)).digest('hex').slice(0, 40)}`
}

/** Are these two of one unit that was changed? Two formats cannot be compared, so they are not. */
export function isDrift(applied: string, authored: string): boolean {
  const format = (text: string): string => text.slice(0, text.indexOf(':'))
  return format(applied) === format(authored) && applied !== authored
}

/** Hash of one statement, by which resume knows that a step is still the same. */
export function statementHash(statement: string): string {
  return createHash('sha256').update(statement).digest('hex').slice(0, 40)
}

function canonical(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Date) return `date:${value.toISOString()}`
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
    entries.sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'undefined'
}
