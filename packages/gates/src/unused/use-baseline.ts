/** Where a window begins: what the statistics said of one object then. */
export interface Baseline {
  /** ISO time by the database's clock. */
  readonly since: string
  readonly marks: Readonly<Record<string, string>>
  /** Calls of each kind of statement that may use the object, by its id. */
  readonly calls: Readonly<Record<string, string>>
}

/** Baselines by object, as an earlier check kept them. What cannot be read is none: the window begins anew. */
export function readBaseline(kept: Readonly<Record<string, unknown>> | undefined): Readonly<Record<string, Baseline>> {
  return Object.fromEntries(
    Object.entries(kept ?? {}).filter((entry): entry is [string, Baseline] => isBaseline(entry[1])),
  )
}

function isBaseline(value: unknown): value is Baseline {
  if (typeof value !== 'object' || value === null) return false
  const { since, marks, calls } = value as Partial<Record<keyof Baseline, unknown>>
  return (
    typeof since === 'string' &&
    !Number.isNaN(Date.parse(since)) &&
    isTexts(marks) &&
    isTexts(calls) &&
    Object.values(calls).every((count) => /^\d+$/.test(count))
  )
}

function isTexts(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string')
}
