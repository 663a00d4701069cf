import type { CompiledStep } from '../compiled/compiled-migration.js'
import { EXIT, PhasegateError } from '../error/phasegate-error.js'
import type { StepRecord } from '../ports/journal.js'
import { type UnitId, unitName } from '../unit.js'
import { statementHash } from './fingerprint.js'

/**
 * Where the steps of an edited unit may be planned anew. Those that are done or begun stand and must be unchanged, each
 * at its place; the rest is the file's again. Positions count from 0, and `compiled` is the whole unit.
 *
 * @returns `from`: the first position to freeze anew, `compiled.length` where nothing is left to run
 * @throws `UNIT.EDITED` (exit 7) where a step that stands was changed, moved or removed
 */
export function matchFrozenSteps(
  unit: UnitId,
  frozen: readonly StepRecord[],
  compiled: readonly CompiledStep[],
): { readonly from: number } {
  const begun = frozen.filter((step) => step.state !== 'pending').map((step) => step.position)
  const from = begun.length === 0 ? 0 : Math.max(...begun) + 1
  const standing = frozen.filter((step) => step.position < from).sort((a, b) => a.position - b.position)
  const changed = standing.find((step) => {
    const now = compiled[step.position]
    return now === undefined || statementHash(now.statement) !== step.hash
  })
  if (changed !== undefined) throw unitEdited(unit, standing, changed, compiled[changed.position])
  return { from }
}

function unitEdited(
  unit: UnitId,
  standing: readonly StepRecord[],
  changed: StepRecord,
  now: CompiledStep | undefined,
): PhasegateError {
  const list = standing.map((step) => `${step.position + 1}. ${step.statement} (${step.state})`)
  return new PhasegateError({
    code: 'UNIT.EDITED',
    message: `${unitName(unit)} was edited in step ${changed.position + 1}, which is already ${changed.state}.`,
    why: `The first ${standing.length} steps stand as they ran; only what follows them may change:\n${list.join('\n')}`,
    next: [
      now === undefined
        ? `Put step ${changed.position + 1} back: ${changed.statement}`
        : `Write step ${changed.position + 1} as it was: ${changed.statement} (the file now says: ${now.statement})`,
      'Put new statements behind the steps that stand, or in a new migration.',
    ],
    ...(now?.where === undefined ? {} : { where: now.where }),
    meta: { standing: standing.map(({ position, statement, state }) => ({ position, statement, state })) },
    exit: EXIT.drift,
  })
}
