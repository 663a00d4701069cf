import type { CompiledMigration, CompiledStep, CompiledUnit } from '../compiled/compiled-migration.js'
import type { Phase } from '../phase.js'
import type { CompileOptions, LoadedMigration } from '../ports/dialect.js'
import type { ParsedStatement, SqlLanguage } from '../ports/sql-language.js'
import type { AuthoredMigration } from './authored-migration.js'
import { compileBackfill } from './compile-backfill.js'
import { compileRevert } from './compile-revert.js'
import { compileStatement } from './compile-statements.js'
import { compileSyncs, type SyncSteps } from './compile-syncs.js'
import type { PlacedGroup } from './derive-revert.js'
import { fingerprintUnit } from './fingerprint-unit.js'
import { groupSteps } from './group-steps.js'
import { migrationError } from './migration-errors.js'
import { createNotNullProofs } from './not-null-proofs.js'
import { readDefinition } from './read-definition.js'
import { readSqlFile } from './read-sql-file.js'
import { type StepDraft, type UnitScope, unitScope } from './unit-scope.js'

/**
 * Compiles a migration file, TypeScript or SQL, to the steps of its units and of its revert. Needs no database, and runs
 * nothing of the author's but the phase functions, which only return lists.
 *
 * @throws one coded error with the file (and the line, for SQL) for whatever is wrong with it
 *
 * @example
 * const options = { batchSize: 1000, batchTime: 250 }
 * const { units } = await compileMigration({ format: 'sql', name, file, text }, options, postgresLanguage)
 * units.expand?.steps.map((step) => step.statement)
 */
export async function compileMigration<S extends ParsedStatement>(
  loaded: LoadedMigration,
  options: CompileOptions,
  language: SqlLanguage<S>,
): Promise<CompiledMigration> {
  await language.load()
  const authored = loaded.format === 'sql' ? readSqlFile(loaded, language) : await readDefinition(loaded, language)
  assertNotEmpty(authored)
  const proofs = createNotNullProofs()
  const { file, engine } = authored
  const scope = unitScope(language, 'expand', file, engine, proofs)
  const syncs = compileSyncs(authored, language)
  const expand = compileExpand(authored, syncs, scope)
  const backfill = authored.backfill === undefined ? undefined : compileBackfill(authored.backfill, options, language)
  const revert = compileRevert(
    authored,
    expand.groups,
    syncs,
    unitScope(language, 'revert', file, 'native'),
    expand.steps.length,
    scope.made,
  )
  const contract = compileContract(authored, syncs, unitScope(language, 'contract', file, engine, proofs))
  const unit = (phase: Phase, steps: readonly CompiledStep[]): CompiledUnit => {
    return { id: { migration: authored.name, phase }, fingerprint: fingerprintUnit(authored, phase, language), steps }
  }
  return {
    name: authored.name,
    file,
    format: authored.format,
    appUses: authored.appUses,
    applications: authored.applications,
    hasSync: syncsBackfill(authored, language),
    units: {
      ...(expand.steps.length === 0 ? {} : { expand: unit('expand', expand.steps) }),
      ...(backfill === undefined ? {} : { backfill: { ...unit('backfill', []), backfill } }),
      ...(contract.length === 0 ? {} : { contract: unit('contract', contract) }),
    },
    revert,
    gates: authored.gates,
  }
}

type AnyMigration = AuthoredMigration<ParsedStatement>

/** Does a sync give every row written from now on what the backfill gives those that are there? */
function syncsBackfill({ sync, backfill }: AnyMigration, { columnKey }: Pick<SqlLanguage, 'columnKey'>): boolean {
  if (sync.length === 0 || backfill === undefined) return sync.length > 0
  if (backfill.form !== undefined) return false
  const forward = sync.filter(({ table }) => table.name === backfill.table.name).flatMap((entry) => entry.forward)
  return backfill.set.every(({ column }) => forward.some((entry) => columnKey(entry.column) === columnKey(column)))
}

/** The author's statements, then the sync triggers. */
function compileExpand<S extends ParsedStatement>(
  authored: AuthoredMigration<S>,
  syncs: SyncSteps<S>,
  scope: UnitScope<S>,
): { readonly steps: readonly CompiledStep[]; readonly groups: readonly PlacedGroup<S>[] } {
  const groups: PlacedGroup<S>[] = []
  const drafts: StepDraft<S>[] = []
  for (const statement of authored.phases.expand ?? []) {
    for (const group of compileStatement(statement, scope)) {
      groups.push({ group, first: drafts.length })
      drafts.push(...group.drafts)
    }
  }
  syncs.assertNoDefaults(drafts)
  return { steps: [...groupSteps(drafts), ...syncs.create(scope)], groups }
}

/** The sync triggers go before the columns that they write. */
function compileContract<S extends ParsedStatement>(
  authored: AuthoredMigration<S>,
  syncs: SyncSteps<S>,
  scope: UnitScope<S>,
): readonly CompiledStep[] {
  const list = authored.phases.contract
  if (list === undefined) return []
  const dropped = syncs.drop(scope)
  const drafts = list.flatMap((statement) => compileStatement(statement, scope).flatMap((group) => group.drafts))
  return [...dropped, ...groupSteps(drafts)]
}

/** No phase at all, or nothing in any: the template as `new` wrote it. */
function assertNotEmpty({ phases, sync, backfill, file, format }: AnyMigration): void {
  const lists = [phases.expand, phases.contract]
  const example =
    format === 'sql'
      ? 'Write for example, below -- phase: expand: ALTER TABLE users ADD COLUMN email_verified boolean;'
      : "Write for example expand: ({ ops }) => [ops.addColumn('users', 'email_verified', 'boolean')]."
  if (sync.length > 0 || backfill !== undefined || lists.some((list) => list !== undefined && list.length > 0)) return
  if (lists.every((list) => list === undefined) && format === 'typescript') {
    throw migrationError('MIGRATION.NO_PHASE', 'The migration has no phase.', { file }, [example])
  }
  throw migrationError('MIGRATION.EMPTY', 'No phase of the migration does anything.', { file }, [example])
}
