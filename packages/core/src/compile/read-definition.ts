import type { Allowed } from '../authoring/allow.js'
import { MIGRATION_OPTIONS, type MigrationDefinition, type Statement } from '../authoring/migration-definition.js'
import { type Operation, ops } from '../authoring/operation.js'
import { isSqlFragment, renderSql, sql } from '../authoring/sql.js'
import type { AllowedFinding } from '../compiled/compiled-migration.js'
import type { SourceLocation } from '../error/phasegate-error.js'
import { nearestName } from '../nearest-name.js'
import type { LoadedMigration } from '../ports/dialect.js'
import type { ParsedStatement, SqlLanguage } from '../ports/sql-language.js'
import { createSchema, schemaCallsOf } from '../schema/create-schema.js'
import { readEngine } from '../sql-file/read-engine.js'
import type { AuthoredMigration, AuthoredStatement } from './authored-migration.js'
import { duplicateAllow } from './duplicate-allow.js'
import { migrationError } from './migration-errors.js'
import { readBackfill } from './read-backfill.js'
import { readCountWriters } from './read-count-writers.js'
import { readApplications, readAppUses, readGates } from './read-options.js'
import { readSync } from './read-sync.js'
import { withLocation } from './with-location.js'

type TypescriptMigration = LoadedMigration & { readonly format: 'typescript' }
type ListedPhase = 'expand' | 'contract' | 'revert'

/** A definition's list entry without its allows. */
interface Entry {
  readonly statement: Exclude<Statement, Allowed>
  readonly allows: readonly AllowedFinding[]
  readonly where: SourceLocation
  readonly inside: string
}

/**
 * Reads a TypeScript migration: checks its options, calls its phase functions and turns what they return into entries.
 * Nothing runs but those functions.
 *
 * @throws the codes `MIGRATION.*`, `SCHEMA.*`, `SYNC.SHAPE`, `BACKFILL.*`, `SQL.*`, with the file
 */
export async function readDefinition<S extends ParsedStatement>(
  loaded: TypescriptMigration,
  language: SqlLanguage<S>,
): Promise<AuthoredMigration<S>> {
  const { name, file } = loaded
  const definition = assertDefinition(loaded)
  const lists = {
    expand: callPhase(definition, 'expand', file, language),
    contract: callPhase(definition, 'contract', file, language),
    revert: callPhase(definition, 'revert', file, language),
  }
  assertNoneTwice(Object.values(lists).flatMap((list) => list ?? []))
  if (Object.values(lists).some((list) => list?.some(needsKnex))) await language.schema.load()
  const phases = Object.fromEntries(
    Object.entries(lists).flatMap(([phase, list]) =>
      list === undefined ? [] : [[phase, list.flatMap((entry) => readEntry(entry, language))]],
    ),
  ) as AuthoredMigration<S>['phases']
  return {
    name,
    file,
    format: 'typescript',
    appUses: readAppUses(definition, file),
    applications: readApplications(definition.applications, file),
    phases,
    sync: readSync(definition.sync, file, language.quoting),
    countWriters: readCountWriters(definition.countWriters, { file }),
    backfill: readBackfill(definition.backfill, file, language.quoting),
    engine: readEngine(definition.engine, { file }, language),
    gates: readGates(definition.gates, file),
  }
}

function assertDefinition({ definition, file }: TypescriptMigration): MigrationDefinition {
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) {
    throw migrationError('MIGRATION.DEFINITION', 'The default export is not a migration.', { file }, [
      'Write export default defineMigration({ … }).',
    ])
  }
  for (const option of Object.keys(definition)) {
    if ((MIGRATION_OPTIONS as readonly string[]).includes(option)) continue
    const nearest = nearestName(option, MIGRATION_OPTIONS)
    throw migrationError('MIGRATION.OPTION', `There is no option '${option}' in a migration.`, { file }, [
      nearest === undefined ? `The options are ${MIGRATION_OPTIONS.join(', ')}.` : `Did you mean '${nearest}'?`,
    ])
  }
  return definition
}

/** Calls a phase function and checks that it returned a list. */
function callPhase(
  definition: MigrationDefinition,
  phase: ListedPhase,
  file: string,
  language: Pick<SqlLanguage, 'schema'>,
): readonly Entry[] | undefined {
  const build: unknown = definition[phase]
  if (build === undefined) return undefined
  if (typeof build !== 'function') {
    throw migrationError('MIGRATION.TYPE', `${phase} is ${kindOf(build)}, not a function.`, { file }, [
      `Write ${phase}: ({ schema, ops, sql }) => [ … ].`,
    ])
  }
  const list = callAuthor(build as () => unknown, phase, file, language)
  if (!Array.isArray(list)) {
    throw migrationError(
      'MIGRATION.LIST',
      `${phase} returned ${kindOf(list)}, not a list.`,
      { file },
      [`Write ${phase}: ({ schema, ops, sql }) => [ … ], without async and without await.`],
      { why: 'A phase returns what is to be done and runs nothing.' },
    )
  }
  return Array.from(list as unknown[], (value, index) => unwrap(value, `${phase}, statement ${index + 1}`, file))
}

function callAuthor(
  build: (tools: unknown) => unknown,
  phase: ListedPhase,
  file: string,
  language: Pick<SqlLanguage, 'schema'>,
): unknown {
  return withLocation({ file }, phase, () => {
    try {
      return build({ schema: createSchema(language.schema), ops, sql })
    } catch (error) {
      if (error instanceof Error && error.name === 'PhasegateError') throw error
      const said = error instanceof Error ? error.message : String(error)
      throw migrationError('MIGRATION.THREW', `the function threw: ${said}`, { file }, ['Correct the function.'], {
        cause: error,
      })
    }
  })
}

/** Takes `allow(…)` off a statement, as often as it stands around it. */
function unwrap(value: unknown, inside: string, file: string): Entry {
  const where = { file }
  const allows: AllowedFinding[] = []
  let statement = value
  while (isAllowed(statement)) {
    const { rule, reason } = statement
    if (typeof rule !== 'string' || typeof reason !== 'string') {
      throw migrationError('MIGRATION.TYPE', `${inside}: allow wants a rule and a reason.`, where, [
        "Write allow('TABLE.REWRITE', 'the table has 40 rows', statement).",
      ])
    }
    if (allows.some((allow) => allow.rule === rule)) throw duplicateAllow(rule, `${inside}: `, where)
    allows.push({ rule, reason })
    statement = statement.statement
  }
  if (!isStatement(statement)) {
    throw migrationError('MIGRATION.STATEMENT', `${inside} is ${kindOf(statement)}.`, where, [
      'Each entry is schema.…, ops.… or sql`…`, alone or in allow(…).',
    ])
  }
  return { statement, allows, where, inside }
}

function assertNoneTwice(entries: readonly Entry[]): void {
  const seen = new Map<unknown, string>()
  for (const { statement, inside, where } of entries) {
    const earlier = seen.get(statement)
    if (earlier !== undefined) {
      throw migrationError('MIGRATION.TWICE', `${inside} is the same object as ${earlier}.`, where, [
        'Make a new one for each entry; a method on the same builder adds to what it already does.',
      ])
    }
    seen.set(statement, inside)
  }
}

function needsKnex({ statement }: Entry): boolean {
  return schemaCallsOf(statement) !== undefined || ('kind' in statement && statement.kind === 'createTable')
}

function readEntry<S extends ParsedStatement>(
  { statement, allows, where, inside }: Entry,
  language: SqlLanguage<S>,
): readonly AuthoredStatement<S>[] {
  if (isOperation(statement)) return [{ kind: 'operation', operation: statement, allows, where, inside }]
  return withLocation(where, inside, () => {
    if (isSqlFragment(statement)) {
      const parsed = language.parseStatements(renderSql(statement, language.quoting), where.file)
      assertOne(parsed.length, inside, where)
      return [
        { kind: 'sql', parsed: parsed[0]!, verbatim: statement.verbatim, origin: 'written', allows, where, inside },
      ]
    }
    const calls = schemaCallsOf(statement)
    const texts =
      calls === undefined
        ? language.schema.compileForeign(statement as { toSQL(): unknown })
        : language.schema.compileCalls(calls)
    return texts.map((text) => {
      const parsed = language.parseStatements(text, where.file)
      assertOne(parsed.length, inside, where)
      return { kind: 'sql', parsed: parsed[0]!, verbatim: false, origin: 'schema', allows, where, inside }
    })
  })
}

function assertOne(count: number, inside: string, where: SourceLocation): void {
  if (count === 1) return
  const [code, message] =
    count === 0
      ? (['MIGRATION.EMPTY_STATEMENT', `${inside} holds no statement.`] as const)
      : (['MIGRATION.STATEMENTS', `${inside} holds ${count} statements.`] as const)
  throw migrationError(code, message, where, ['Write one statement in each entry of the list.'])
}

function isAllowed(value: unknown): value is Allowed {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'allow'
}

/** An operation of this dialect or of none; which one, is found out when it is compiled. */
function isOperation(value: object): value is Operation {
  return 'kind' in value && typeof value.kind === 'string' && value.kind !== 'sql' && value.kind !== 'identifier'
}

function isStatement(value: unknown): value is Exclude<Statement, Allowed> {
  if (typeof value !== 'object' || value === null) return false
  if (schemaCallsOf(value) !== undefined || isSqlFragment(value) || isOperation(value)) return true
  return 'toSQL' in value && typeof value.toSQL === 'function'
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'a list'
  if (schemaCallsOf(value) !== undefined) return 'a schema builder'
  if (value instanceof Promise) return 'a promise'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
