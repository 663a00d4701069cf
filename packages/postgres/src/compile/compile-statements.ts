import type { AlterTable, Operation, RunFunction, StatementFacts } from '@phasegate/core'
import { compilerOf, type SqlOperation } from '../operations/compile-operation.js'
import { callText, type OperationContext } from '../operations/operation-compiler.js'
import { unsupported } from '../operations/operation-errors.js'
import { lift } from '../parse/lift.js'
import type { ParsedStatement } from '../parse/parse-statements.js'
import { readFacts } from '../parse/read-facts.js'
import { refuseStatement } from '../parse/refuse-statement.js'
import type { AuthoredStatement } from './authored-migration.js'
import { namedConcurrentIndex } from './concurrent-index.js'
import { sameTree } from './same-tree.js'
import { draftRun, draftStep, parseOne, type StepSource } from './step-draft.js'
import type { StatementGroup, UnitScope } from './unit-scope.js'
import { withLocation } from './with-location.js'

/** Compiles one entry of a phase to its steps, in order. */
export function compileStatement(statement: AuthoredStatement, scope: UnitScope): readonly StatementGroup[] {
  return withLocation(statement.where, statement.inside, () => {
    const { allows, where } = statement
    if (statement.kind === 'sql') {
      const { parsed, verbatim, origin } = statement
      return compileRaw(parsed, !verbatim, { allows, where, origin, written: parsed.text }, scope)
    }
    const { operation } = statement
    const source = { allows, where, origin: 'operation', written: describeOperation(operation) } as const
    if (operation.kind === 'run') return [compileRun(operation, source)]
    if (operation.kind === 'alterTable') return compileAlterTable(operation, source, scope)
    return [compileOperation(operation, source, scope)]
  })
}

function describeOperation(operation: Operation): string {
  return operation.kind === 'run' ? callText('run', operation.version) : compilerOf(operation).describe(operation)
}

function compileRun(operation: RunFunction, source: StepSource): StatementGroup {
  const { written } = source
  return { drafts: [draftRun(operation, source)], revert: { impossible: 'what it does is not known' }, written }
}

function compileOperation(operation: SqlOperation, source: StepSource, scope: UnitScope): StatementGroup {
  const compiler = compilerOf(operation)
  const drafts = compiler
    .compile(operation, operationContext(scope))
    .map((text) => draftStep(parseOne(text, scope.file), source, scope))
  return { drafts, revert: compiler.revert(operation), written: source.written }
}

/** A clause goes the way of raw SQL, but for one that would rewrite the table. */
function compileAlterTable(operation: AlterTable, source: StepSource, scope: UnitScope): readonly StatementGroup[] {
  const [text] = compilerOf(operation).compile(operation, operationContext(scope))
  const parsed = parseOne(text!, scope.file)
  assertNoRewrite(operation, readFacts(parsed, scope.made))
  return compileRaw(parsed, operation.engine === 'auto', source, scope)
}

/** A raw statement, in its safe form where there is one. */
function compileRaw(
  parsed: ParsedStatement,
  mayLift: boolean,
  source: StepSource,
  scope: UnitScope,
): readonly StatementGroup[] {
  refuseStatement(parsed, scope.phase, scope.file)
  const parts = mayLift ? lift(parsed, scope.made) : undefined
  if (parts === undefined) return [asWritten(parsed, source, scope)]
  const lifted: StepSource = { ...source, origin: 'lifted' }
  return parts.map((part) => {
    if ('statement' in part) return asWritten(parseOne(part.statement, scope.file), lifted, scope)
    const { operation } = part
    if (operation.kind === 'run') throw new Error('a raw statement was lifted to ops.run')
    if (parts.length === 1 && isSafeAsWritten(parsed, operation, scope)) {
      return { ...asWritten(parsed, source, scope), revert: compilerOf(operation).revert(operation) }
    }
    return compileOperation(operation, lifted, scope)
  })
}

/** The operation's only statement is the author's, but for layout and quotes: then the author's own runs. */
function isSafeAsWritten(parsed: ParsedStatement, operation: SqlOperation, scope: UnitScope): boolean {
  const texts = compilerOf(operation).compile(operation, operationContext(scope))
  return texts.length === 1 && sameTree(parseOne(texts[0]!, scope.file).node, parsed.node)
}

function asWritten(parsed: ParsedStatement, source: StepSource, scope: UnitScope): StatementGroup {
  const named = namedConcurrentIndex(parsed)
  const statement = named === parsed.text ? parsed : parseOne(named, scope.file)
  return { drafts: [draftStep(statement, source, scope)], revert: undefined, written: source.written }
}

function assertNoRewrite(operation: AlterTable, facts: StatementFacts): void {
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

function operationContext({ file, made }: UnitScope): OperationContext {
  return { file, isNewTable: (table) => made.hasTable(table) }
}
