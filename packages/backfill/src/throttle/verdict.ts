import { describeMs, describeSignal, type SignalLimits, type SignalUnit } from '@phasegate/core'

/** What is known of one signal. */
export interface Observation {
  /** As a reason names it: `replica lag`. */
  readonly name: string
  readonly unit: SignalUnit
  readonly limits: SignalLimits
  /** The last value; null: none yet, or it cannot be told. */
  readonly value: number | null
  /** Whose value: the standby, the slot; or in other words why, where the value alone says nothing. */
  readonly of: string | undefined
  /** When it was last heard of, ms by the clock; null: never. */
  readonly at: number | null
  /** It will not be told: no reason to stop. */
  readonly unseen: boolean
  /** What the last attempt failed with; null: it did not. */
  readonly failure: string | null
}

/** How the next batch may go. `rest` is how many times its own length a batch is followed by rest. */
export type Verdict =
  | { readonly level: 'go' }
  | { readonly level: 'slow'; readonly signal: string; readonly reason: string; readonly rest: number }
  | { readonly level: 'stop'; readonly signal: string; readonly reason: string }

/** Rest at the soft limit and right below the hard one, in lengths of a batch. */
const LEAST_REST = 0.5
const MOST_REST = 10

/**
 * Reads the verdict from what is known: at or above a hard limit it stops, at or above a soft one it is slower the further
 * above. A signal that was not heard of for `staleMs` stops as well: that nothing is known is not that all is well.
 */
export function judge(observations: readonly Observation[], now: number, staleMs: number): Verdict {
  let slowest: Verdict = { level: 'go' }
  for (const seen of observations) {
    if (seen.unseen) continue
    if (seen.at === null || now - seen.at > staleMs)
      return { level: 'stop', signal: seen.name, reason: silent(seen, now) }
    const { soft, hard } = seen.limits
    if (seen.value === null) continue
    if (hard !== null && seen.value >= hard) return { level: 'stop', signal: seen.name, reason: describe(seen, hard) }
    if (soft === null || seen.value < soft) continue
    const rest = restAt(seen.value, soft, hard)
    if (slowest.level !== 'slow' || rest > slowest.rest)
      slowest = { level: 'slow', signal: seen.name, reason: describe(seen, soft), rest }
  }
  return slowest
}

function restAt(value: number, soft: number, hard: number | null): number {
  // Without a hard limit: how much of the value lies above the soft one.
  const above =
    hard === null ? (value === 0 ? 0 : 1 - soft / value) : (value - soft) / Math.max(hard - soft, Number.EPSILON)
  return LEAST_REST + (MOST_REST - LEAST_REST) * Math.min(1, Math.max(0, above))
}

function describe({ name, unit, of, value }: Observation, limit: number): string {
  const whose = of === undefined ? '' : ` of ${of}`
  return `${name}${whose} is ${describeSignal(unit, value ?? 0)} (limit ${describeSignal(unit, limit)})`
}

function silent({ name, at, failure }: Observation, now: number): string {
  const since = at === null ? 'not known yet' : `not known for ${describeMs(now - at)}`
  return `${name} is ${since}${failure === null ? '' : `: ${failure}`}`
}
