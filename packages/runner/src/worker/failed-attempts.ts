import { type Clock, type PlannedUnit, type UnitName, unitName } from '@phasegate/core'

/** ms before a unit whose failure no journal knows is tried again: doubled each time, up to the longest. */
const FIRST_PAUSE = 60_000
const LONGEST_PAUSE = 900_000

/**
 * What this process remembers of units that it could not even begin (a table that is missing, a gate that throws). Each is
 * tried again when its row in the journal or its file is another one, or after a pause that grows.
 */
export interface FailedAttempts {
  remember(entry: PlannedUnit, reason: string): void
  /** Why it is left alone; undefined: it may be tried. */
  whyWaits(entry: PlannedUnit): string | undefined
}

interface Attempt {
  readonly mark: string
  readonly count: number
  readonly until: number
  readonly reason: string
}

export function createFailedAttempts(clock: Pick<Clock, 'now'>): FailedAttempts {
  const attempts = new Map<UnitName, Attempt>()
  return {
    remember: (entry, reason) => {
      const before = attempts.get(unitName(entry.unit.id))
      const mark = markOf(entry)
      const count = before?.mark === mark ? before.count + 1 : 1
      const pause = Math.min(FIRST_PAUSE * 2 ** (count - 1), LONGEST_PAUSE)
      attempts.set(unitName(entry.unit.id), { mark, count, until: clock.now() + pause, reason })
    },
    whyWaits: (entry) => {
      const attempt = attempts.get(unitName(entry.unit.id))
      if (attempt === undefined || attempt.mark !== markOf(entry) || clock.now() >= attempt.until) return undefined
      return `could not be begun, and is tried again after a pause: ${attempt.reason}`
    },
  }
}

/** Another one when anybody has done anything with the unit. */
function markOf({ unit, record }: PlannedUnit): string {
  return [unit.fingerprint, record?.state, record?.since, record?.attempts, record?.fingerprint].join(' ')
}
