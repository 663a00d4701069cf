/** Every extension that holds a migration; the extension is no part of the name. */
export const MIGRATION_EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.sql'] as const

export type NameProblem = 'timestamp' | 'slug' | 'form'

/**
 * What is wrong with a migration's name, undefined where it is `YYYYMMDDHHMMSS_slug` with a date that exists and a slug
 * of letters, digits, `_` and `-` (ASCII, so that it is one and the same on every file system).
 */
export function nameProblem(name: string): NameProblem | undefined {
  const match = /^(\d{14})_(.+)$/s.exec(name)
  if (match === null) return 'form'
  if (!isDate(match[1]!)) return 'timestamp'
  return isSlug(match[2]!) ? undefined : 'slug'
}

export function isSlug(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(text)
}

/** A slug made of what a person typed: `Add e-mail flag` becomes `add_e-mail_flag`. */
export function slugOf(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return plain.replace(/[^a-z0-9-]+/g, '_').replace(/^[_-]+|[_-]+$/g, '')
}

/** The 14 digits of a time, UTC. */
export function timestampOf(date: Date): string {
  return date.toISOString().replace(/\D/g, '').slice(0, 14)
}

/** The time of 14 digits, UTC. */
export function dateOf(timestamp: string): Date {
  return new Date(timestamp.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z'))
}

function isDate(timestamp: string): boolean {
  const date = dateOf(timestamp)
  return !Number.isNaN(date.getTime()) && timestampOf(date) === timestamp
}
