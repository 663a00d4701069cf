export interface ServoLimits {
  /** Fewest keys of a batch. */
  readonly floor: number
  /** Most keys of a batch. */
  readonly ceiling: number
}

export const SERVO_LIMITS: ServoLimits = { floor: 10, ceiling: 50_000 }

/** Batch size and what the last batches cost, ms for each key, oldest first. */
export interface ServoState {
  readonly size: number
  readonly costs: readonly number[]
}

const REMEMBERED = 10
const GROWTH = 1.5
const FAR_OVER = 5
const CUT = 10

const clamp = (size: number, { floor, ceiling }: ServoLimits): number =>
  Math.min(ceiling, Math.max(floor, Math.floor(size)))

export function startServo(size: number, limits: ServoLimits = SERVO_LIMITS): ServoState {
  return { size: clamp(size, limits), costs: [] }
}

/**
 * The size of the next batch, so that it takes about `targetMs`. Judged by the ninth decile of the last ten batches: a
 * batch that was fast by chance does not make the next one slow. Batches that changed no row count like the others, or
 * the size would freeze inside a gap.
 */
export function advanceServo(
  state: ServoState,
  batch: { readonly size: number; readonly ms: number },
  targetMs: number,
  limits: ServoLimits = SERVO_LIMITS,
): ServoState {
  const ms = Math.max(batch.ms, 0.01)
  const costs = [...state.costs, ms / batch.size].slice(-REMEMBERED)
  const wanted = targetMs / ninthDecile(costs)
  const most = ms > targetMs * FAR_OVER ? Math.min(state.size, batch.size) / CUT : state.size * GROWTH
  return { size: clamp(Math.min(wanted, most), limits), costs }
}

function ninthDecile(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.9) - 1]!
}
