import type { AllowedFinding, Change, CompiledStep, Operation, SourceLocation, StatementFacts } from '@phasegate/core'
import { compilerOf, type SqlOperation } from '../operations/compile-operation.js'
import { callText, type OperationContext, type RevertPlan } from '../operations/operation-compiler.js'
import { unsupported } from '../operations/operation-errors.js'
import { allowsOf, isVerbatim } from '../parse/directives.js'
import { lift } from '../parse/lift.js'
import { createMadeObjects, type MadeObjects } from '../parse/made-objects.js'
import { displayName } from '../parse/names.js'
import { type ParsedStatement, parseStatements } from '../parse/parse-statements.js'
import { readFacts } from '../parse/read-facts.js'
import { refuseStatement } from '../parse/refuse-statement.js'
import type { AuthoredStatement } from './authored-migration.js'
import { namedConcurrentIndex } from './concurrent-index.js'
import { destroyedBy } from './destroyed-objects.js'
import { migrationError } from './migration-errors.js'
import { sameTree } from './same-tree.js'
import { stepExecution } from './step-execution.js'
import { withLocation } from './with-location.js'

/** What a unit's compilation carries from statement to statement. */
export interface UnitScope {
  readonly phase: 'expand' | 'contract' | 'revert'
  readonly file: string
  /** What this file created so far; what facts and rules speak of. */
  readonly madeInFile: MadeObjects
  /**
   * What this unit created so far; what safe forms and shared transactions go by. By the time of contract a table that
   * expand created is in use, and a plain CREATE INDEX would block its writers.
   */
  readonly madeInUnit: MadeObjects
  /** Display names of the tables that this unit created. */
  readonly newTables: Set<string>
}

/** A step with what the revert and the default check need to know of it. */
export interface StepDraft {
  readonly step: CompiledStep
  readonly parsed: ParsedStatement | undefined
  /** Touches only what this unit created. */
  readonly onlyNew: boolean
}

/** The steps of one thing that was authored, and how it is undone where its operation says so. */
export interface StatementGroup {
  readonly drafts: readonly StepDraft[]
  readonly revert: RevertPlan | undefined
  /** For messages. */
  readonly written: string
}

export function unitScope(phase: UnitScope['phase'], file: string, madeInFile: MadeObjects): UnitScope {
  return { phase, file, madeInFile, madeInUnit: createMadeObjects(), newTables: new Set() }
}

/** Compiles one entry of a phase to its steps, in order. */
export function compileStatement(statement: AuthoredStatement, scope: UnitScope): readonly StatementGroup[] {
  return withLocation(statement.where, statement.inside, () => {
    if (statement.kind === 'sql') return compileSql(statement, scope)
    const { operation, allows, where } = statement
    return [compileOperation(operation, { allows, where, origin: 'operation', written: undefined }, scope)]
  })
}

/** SQL that we made ourselves (a sync trigger, a derived revert). */
export function compileOwn(
  text: string,
  more: { readonly written: string; readonly origin: CompiledStep['origin']; readonly where: SourceLocation },
  scope: UnitScope,
): StepDraft {
  return toDraft(parseOne(text, scope.file), { ...more, allows: [] }, scope)
}

interface Origin {
  readonly allows: readonly AllowedFinding[]
  readonly where: SourceLocation
  readonly origin: CompiledStep['origin']
  /** Undefined: as the operation describes itself. */
  readonly written: string | undefined
}

function compileOperation(operation: Operation, from: Origin, scope: UnitScope): StatementGroup {
  if (operation.kind === 'run') {
    const written = callText('run', operation.version)
    return { drafts: [runDraft(operation, written, from)], revert: cannotUndo(written), written }
  }
  const compiler = compilerOf(operation)
  const written = from.written ?? compiler.describe(operation)
  const origin = { ...from, written }
  const texts = compiler.compile(operation, operationContext(scope))
  const lifted = operation.kind === 'alterTable' && operation.engine === 'auto'
  const drafts = texts.flatMap((text) => {
    const parsed = parseOne(text, scope.file)
    if (operation.kind !== 'alterTable') return [toDraft(parsed, origin, scope)]
    refuseStatement(parsed, scope.phase, scope.file)
    assertNoRewrite(operation, readFacts(parsed, scope.madeInUnit))
    return compileParts(parsed, { ...origin, lifted }, scope).flatMap((group) => group.drafts)
  })
  return { drafts, revert: operation.kind === 'alterTable' ? undefined : compiler.revert(operation), written }
}

function compileSql(statement: AuthoredStatement & { kind: 'sql' }, scope: UnitScope): readonly StatementGroup[] {
  const { parsed, verbatim, origin, allows, where } = statement
  refuseStatement(parsed, scope.phase, scope.file)
  return compileParts(parsed, { allows, where, origin, written: parsed.text, lifted: !verbatim }, scope)
}

/** A raw statement, in its safe form where there is one. */
function compileParts(
  parsed: ParsedStatement,
  from: Origin & { readonly written: string; readonly lifted: boolean },
  scope: UnitScope,
): readonly StatementGroup[] {
  const { written, lifted, ...origin } = from
  const parts = lifted ? lift(parsed, scope.madeInUnit) : undefined
  if (parts === undefined) return [asWritten(parsed, { ...origin, written }, scope)]
  const [only] = parts
  if (only !== undefined && parts.length === 1 && 'operation' in only) {
    const operation = only.operation
    if (operation.kind !== 'run' && isSafeAsWritten(parsed, operation, scope)) {
      return [{ ...asWritten(parsed, { ...origin, written }, scope), revert: compilerOf(operation).revert(operation) }]
    }
  }
  const liftedFrom = { ...origin, written, origin: 'lifted' as const }
  return parts.map((part) =>
    'operation' in part
      ? compileOperation(part.operation, liftedFrom, scope)
      : asWritten(parseOne(part.statement, scope.file), liftedFrom, scope),
  )
}

/** The operation's only statement is the author's, but for layout and quotes: then the author's own runs. */
function isSafeAsWritten(parsed: ParsedStatement, operation: SqlOperation, scope: UnitScope): boolean {
  const texts = compilerOf(operation).compile(operation, operationContext(scope))
  return texts.length === 1 && sameTree(parseOne(texts[0]!, scope.file).node, parsed.node)
}

function asWritten(
  parsed: ParsedStatement,
  from: Origin & { readonly written: string },
  scope: UnitScope,
): StatementGroup {
  const named = namedConcurrentIndex(parsed)
  const statement = named === parsed.text ? parsed : parseOne(named, scope.file)
  return { drafts: [toDraft(statement, from, scope)], revert: undefined, written: from.written }
}

function toDraft(parsed: ParsedStatement, from: Origin & { readonly written: string }, scope: UnitScope): StepDraft {
  const facts = readFacts(parsed, scope.madeInFile)
  const here = scope.madeInFile === scope.madeInUnit ? facts : readFacts(parsed, scope.madeInUnit)
  scope.madeInFile.record(facts.changes)
  if (scope.madeInFile !== scope.madeInUnit) scope.madeInUnit.record(here.changes)
  for (const { action, object } of here.changes) {
    if (action === 'create' && object.type === 'table') scope.newTables.add(displayName(object))
  }
  const { origin, where, written, allows } = from
  return {
    step: {
      statement: parsed.text,
      written,
      origin,
      where,
      execution: stepExecution(parsed, facts),
      facts,
      allows,
      // A sync trigger holds nothing.
      destroys: origin === 'sync' ? [] : destroyedBy(facts),
    },
    parsed,
    onlyNew:
      facts.transactional &&
      // A new enum value can be used only after its transaction (55P04).
      !('AlterEnumStmt' in parsed.node) &&
      here.changes.length > 0 &&
      here.changes.every(isOnNew) &&
      here.lock.tables.every((table) => scope.newTables.has(table)),
  }
}

/** What is only read is judged by its lock. */
function isOnNew(change: Change): boolean {
  return change.onNew || change.action === 'read' || (change.action === 'create' && change.object.type === 'table')
}

/** A function of the author's: nothing is known of it but its version, so it counts as neither safe nor destructive. */
function runDraft(operation: Operation & { kind: 'run' }, written: string, from: Origin): StepDraft {
  if (typeof operation.version !== 'string' || operation.version === '' || typeof operation.run !== 'function') {
    throw migrationError('MIGRATION.STATEMENT', 'ops.run wants a version and a function.', from.where, [
      "Write ops.run('1', async (context) => { … }) and change the version with the function.",
    ])
  }
  const lock = { mode: 'none', tables: [], blocks: 'nothing', duration: 'instant' } as const
  return {
    step: {
      statement: `-- ${written}`,
      written,
      origin: 'function',
      where: from.where,
      execution: { mode: 'transaction', timeouts: 'online' },
      facts: { changes: [], lock, transactional: true },
      allows: from.allows,
      destroys: [],
      run: operation.run,
    },
    parsed: undefined,
    onlyNew: false,
  }
}

function cannotUndo(written: string): RevertPlan {
  return { impossible: `what ${written} does is not known` }
}

function assertNoRewrite(operation: SqlOperation & { kind: 'alterTable' }, facts: StatementFacts): void {
  if (operation.engine === 'native' || facts.lock.duration !== 'rewrite' || facts.lock.blocks === 'nothing') return
  throw unsupported(
    `${compilerOf(operation).describe(operation)} would rewrite the table under an exclusive lock.`,
    'There is no engine for PostgreSQL that could do it beside traffic.',
    [
      'Make the change by expand and contract: a new column, a backfill (with sync), and drop the old one in contract.',
      "For a small table: { engine: 'native' }, which runs the clause as it stands.",
    ],
  )
}

function operationContext(scope: UnitScope): OperationContext {
  return { file: scope.file, isNewTable: (table) => scope.madeInUnit.hasTable(table) }
}

function parseOne(text: string, file: string): ParsedStatement {
  const statements = parseStatements(text, file)
  const [parsed] = statements
  if (parsed === undefined || statements.length > 1) {
    throw migrationError(
      'MIGRATION.STATEMENTS',
      `One statement is expected here, and there are ${statements.length}.`,
      { file },
      ['Write each statement as an entry of its own.'],
      { why: `The text is: ${text}` },
    )
  }
  return parsed
}

/** An SQL file's statement as an entry of a phase. */
export function authoredSql(parsed: ParsedStatement): AuthoredStatement {
  return {
    kind: 'sql',
    parsed,
    verbatim: isVerbatim(parsed),
    origin: 'written',
    allows: allowsOf(parsed),
    where: { file: parsed.file, line: parsed.line },
    inside: undefined,
  }
}
