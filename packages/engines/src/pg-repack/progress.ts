import type { EngineProgress, EngineSeen, EngineTable } from '@phasegate/core'

/** States in which every row is copied. */
const COPIED: readonly EngineProgress['state'][] = ['building', 'catching up', 'cutting over']

/**
 * What is seen of it, in the words of every engine. The copy is complete when indexes are built on it; before, an estimate is
 * never all of it.
 *
 * @param rowsPerSecond as measured; null: unknown
 */
export function progressOf(
  { state, done, waitsFor }: EngineSeen,
  { rows }: Pick<EngineTable, 'rows'>,
  rowsPerSecond: number | null,
): EngineProgress {
  const complete = COPIED.includes(state)
  const total = complete ? done : rows !== null && rows > 0 && done !== null && rows > done ? rows : null
  const left = total === null || done === null ? null : total - done
  return {
    engine: 'pg_repack',
    state,
    done,
    total,
    percent: complete ? 100 : total === null || done === null ? null : Math.min(99.9, (100 * done) / total),
    rowsPerSecond: complete ? null : rowsPerSecond,
    etaSeconds: complete || left === null || rowsPerSecond === null || rowsPerSecond <= 0 ? null : left / rowsPerSecond,
    lagSeconds: null,
    paused: false,
    throttleReason: waitsFor,
  }
}
