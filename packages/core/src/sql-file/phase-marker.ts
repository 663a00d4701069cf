import type { SourceLocation } from '../error/phasegate-error.js'
import { nearestName } from '../nearest-name.js'
import type { Phase } from '../phase.js'
import { sqlFileError } from './sql-file-errors.js'

export type SqlPhase = Phase | 'revert'

const PHASES = ['expand', 'backfill', 'contract', 'revert'] as const satisfies readonly SqlPhase[]

/** `phase: expand`, with a remark behind it at most. */
const OWN = /^phase\s*:\s*([^\s(]*)/i
/** `Phase 2: MIGRATE (background job)`, with any text behind the word. */
const NUMBERED = /^phase\s+\d+\s*[:.–—-]\s*([\p{L}-]*)/iu

/**
 * Reads a comment that begins a phase; undefined where it is none.
 *
 * @throws `MIGRATION.UNKNOWN_PHASE` for one that names no phase, since its statements would run in the phase before
 */
export function phaseOf(comment: string, where: SourceLocation): SqlPhase | undefined {
  const word = OWN.exec(comment)?.[1] ?? NUMBERED.exec(comment)?.[1]
  if (word === undefined) return undefined
  const wanted = word.toLowerCase()
  const phase = PHASES.find((known) => known === wanted)
  if (phase !== undefined) return phase
  if (wanted === 'migrate' || wanted === 'migration') return 'backfill'
  const nearest = nearestName(wanted, PHASES)
  throw sqlFileError('MIGRATION.UNKNOWN_PHASE', `There is no phase '${word}'.`, where, [
    nearest === undefined ? `The phases are ${PHASES.join(', ')}.` : `Did you mean -- phase: ${nearest}?`,
  ])
}

/** Looks like a marker, wherever it stands. */
export function looksLikePhaseMarker(comment: string): boolean {
  return OWN.test(comment) || NUMBERED.test(comment)
}
