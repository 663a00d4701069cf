import type { AlterTable, Operation, Repack, RunFunction } from '../authoring/operation.js'
import type { StatementFacts } from '../compiled/statement-facts.js'
import { callText } from '../operations/call-text.js'
import { compilerOf } from '../operations/compiler-of.js'
import type { OperationContext, ParsedStatement, SqlLanguage, SqlOperation } from '../ports/sql-language.js'
import type { AuthoredStatement } from './authored-migration.js'
import { draftRepack } from './draft-repack.js'
import { handOver } from './hand-over.js'
import { draftRun, draftStep, parseOne, type StepSource } from './step-draft.js'
import type { StatementGroup, UnitScope } from './unit-scope.js'
import { withLocation } from './with-location.js'

/** Compiles one entry of a phase to its steps, in order. */
export function compileStatement<S extends ParsedStatement>(
  statement: AuthoredStatement<S>,
  scope: UnitScope<S>,
): readonly StatementGroup<S>[] {
  return withLocation(statement.where, statement.inside, () => {
    const { allows, where } = statement
    if (statement.kind === 'sql') {
      const { parsed, verbatim, origin } = statement
      return compileRaw(parsed, { allows, where, origin, written: parsed.text, verbatim }, scope)
    }
    const { operation } = statement
    const written = describeOperation(operation, scope.language)
    const source = { allows, where, origin: 'operation', written, verbatim: false } as const
    if (operation.kind === 'run') return [compileRun(operation, source, scope)]
    if (operation.kind === 'repack') return [compileRepack(operation, source, scope)]
    if (operation.kind === 'alterTable') return compileAlterTable(operation, source, scope)
    return [compileOperation(operation, source, scope)]
  })
}

function describeOperation(operation: Operation, language: Pick<SqlLanguage, 'name' | 'operations'>): string {
  if (operation.kind === 'run') return callText('run', operation.version)
  return compilerOf(operation, language).describe(operation)
}

function compileRun<S extends ParsedStatement>(
  operation: RunFunction,
  source: StepSource,
  scope: UnitScope<S>,
): StatementGroup<S> {
  const { written } = source
  return { drafts: [draftRun(operation, source, scope)], revert: { impossible: 'what it does is not known' }, written }
}

/** It has no statement; its compiler refuses it where no engine does that. */
function compileRepack<S extends ParsedStatement>(
  operation: Repack,
  source: StepSource,
  scope: UnitScope<S>,
): StatementGroup<S> {
  const compiler = compilerOf(operation, scope.language)
  compiler.compile(operation, operationContext(scope))
  return {
    drafts: [draftRepack(operation, source, scope)],
    revert: compiler.revert(operation),
    written: source.written,
  }
}

function compileOperation<S extends ParsedStatement>(
  operation: SqlOperation,
  source: StepSource,
  scope: UnitScope<S>,
): StatementGroup<S> {
  const compiler = compilerOf(operation, scope.language)
  const drafts = compiler
    .compile(operation, operationContext(scope))
    .map((text) => draftStep(parseOne(text, scope), source, scope))
  return { drafts, revert: compiler.revert(operation), written: source.written }
}

/** A clause goes the way of raw SQL, but for one that would rewrite the table. */
function compileAlterTable<S extends ParsedStatement>(
  operation: AlterTable,
  source: StepSource,
  scope: UnitScope<S>,
): readonly StatementGroup<S>[] {
  const { language } = scope
  const [text] = compilerOf(operation, language).compile(operation, operationContext(scope))
  const parsed = parseOne(text!, scope)
  const native = operation.engine === 'native'
  const asked: StepSource = { ...source, verbatim: native, engine: operation.engine }
  const facts = language.readFacts(parsed, scope.made)
  if (!native && waitsForRewrite(facts) && handOver(parsed, facts, asked, scope) === undefined)
    throw language.refuseRewrite(source.written)
  return compileRaw(parsed, asked, scope)
}

function waitsForRewrite({ lock }: StatementFacts): boolean {
  return lock.duration === 'rewrite' && lock.blocks !== 'nothing'
}

/** A raw statement, in its safe form where there is one and the author has not said that it stays as it stands. */
function compileRaw<S extends ParsedStatement>(
  parsed: S,
  source: StepSource,
  scope: UnitScope<S>,
): readonly StatementGroup<S>[] {
  const { language } = scope
  language.refuseStatement(parsed, scope.phase, scope.file)
  const parts = source.verbatim ? undefined : language.lift(parsed, scope.made)
  if (parts === undefined) return [asWritten(parsed, source, scope)]
  const lifted: StepSource = { ...source, origin: 'lifted' }
  return parts.map((part) => {
    if ('statement' in part) return asWritten(parseOne(part.statement, scope), lifted, scope)
    const { operation } = part
    if (operation.kind === 'run') throw new Error('a raw statement was lifted to ops.run')
    if (parts.length === 1 && isSafeAsWritten(parsed, operation, scope)) {
      return { ...asWritten(parsed, source, scope), revert: compilerOf(operation, language).revert(operation) }
    }
    return compileOperation(operation, lifted, scope)
  })
}

/** The operation's only statement is the author's, but for layout and quotes: then the author's own runs. */
function isSafeAsWritten<S extends ParsedStatement>(parsed: S, operation: SqlOperation, scope: UnitScope<S>): boolean {
  const texts = compilerOf(operation, scope.language).compile(operation, operationContext(scope))
  return texts.length === 1 && scope.language.sameStatement(parseOne(texts[0]!, scope), parsed)
}

function asWritten<S extends ParsedStatement>(parsed: S, source: StepSource, scope: UnitScope<S>): StatementGroup<S> {
  return { drafts: [draftStep(parsed, source, scope)], revert: undefined, written: source.written }
}

function operationContext<S extends ParsedStatement>({ file, made }: UnitScope<S>): OperationContext {
  return { file, isNewTable: (table) => made.hasTable(table) }
}
