import { columnsWritten } from '../compiled/backfill-form.js'
import type { CompiledRevert, CompiledStep } from '../compiled/compiled-migration.js'
import type { MadeObjects } from '../compiled/made-objects.js'
import type { ParsedStatement } from '../ports/sql-language.js'
import type { AuthoredMigration } from './authored-migration.js'
import { compileStatement } from './compile-statements.js'
import type { SyncSteps } from './compile-syncs.js'
import { deriveRevert, impossible, type PlacedGroup } from './derive-revert.js'
import { groupSteps } from './group-steps.js'
import { draftOwn } from './step-draft.js'
import type { UnitScope } from './unit-scope.js'

/**
 * How an expand, and its backfill with it, is undone: as the author says, else derived in reverse order. The sync
 * triggers go first either way.
 *
 * @param scope the unit scope of the revert
 * @param expandSteps number of steps of the expand; the sync triggers are its last ones
 * @param made what expand created, to tell whether a backfill wrote into anything that stays
 */
export function compileRevert<S extends ParsedStatement>(
  authored: AuthoredMigration<S>,
  groups: readonly PlacedGroup<S>[],
  syncs: SyncSteps<S>,
  scope: UnitScope<S>,
  expandSteps: number,
  made: Pick<MadeObjects, 'hasTable' | 'hasColumn'>,
): CompiledRevert {
  const own = groups.reduce((end, { group, first }) => Math.max(end, first + group.drafts.length), 0)
  const ofSync = Array.from({ length: expandSteps - own }, (_, index) => own + index)
  const dropSync = syncs.drop(scope).map((step) => ({ ...step, undoes: ofSync }))

  const list = authored.phases.revert
  if (list !== undefined) {
    const drafts = list.flatMap((statement) => compileStatement(statement, scope).flatMap((group) => group.drafts))
    return { possible: true, steps: [...dropSync, ...groupSteps(drafts)] }
  }
  if (expandSteps === 0) return { possible: false, reason: 'The migration has no expand, so there is nothing to undo.' }
  const lost = whatIsLost(authored, made)
  if (lost !== undefined) return impossible(lost)
  const derived = deriveRevert(groups, scope.language)
  if ('impossible' in derived) return impossible(derived.impossible)
  const steps = derived.flatMap(({ statements, undoes, written }) =>
    statements.map((text): CompiledStep => {
      const from = { written, origin: 'operation', where: { file: authored.file } } as const
      return { ...draftOwn({ text }, from, scope).step, undoes }
    }),
  )
  return { possible: true, steps: [...dropSync, ...steps] }
}

/** What a backfill takes away for good, as the beginning of a sentence. */
function whatIsLost(
  { backfill }: Pick<AuthoredMigration<ParsedStatement>, 'backfill'>,
  made: Pick<MadeObjects, 'hasTable' | 'hasColumn'>,
): string | undefined {
  if (backfill === undefined) return undefined
  if (backfill.form?.kind === 'copy') {
    const { into } = backfill.form
    return made.hasTable(into) ? undefined : `The backfill adds rows to ${into.name}, which was there before`
  }
  if (made.hasTable(backfill.table)) return undefined
  if (backfill.form?.kind === 'delete') return `The backfill removes rows of ${backfill.table.name}, which are not kept`
  const column = columnsWritten(backfill).find((name) => !made.hasColumn(backfill.table, name))
  return column === undefined
    ? undefined
    : `The backfill writes ${backfill.table.name}.${column}, which was there before, and its old values are not kept`
}
