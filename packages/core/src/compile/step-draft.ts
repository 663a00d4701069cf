import type { RunFunction } from '../authoring/operation.js'
import type { AllowedFinding, CompiledStep } from '../compiled/compiled-migration.js'
import type { Change } from '../compiled/statement-facts.js'
import type { WantedEngine } from '../engine/engine-task.js'
import type { SourceLocation } from '../error/phasegate-error.js'
import { displayName, type ParsedStatement, type SyncStatement } from '../ports/sql-language.js'
import { destroyedBy } from './destroyed-objects.js'
import { handedOver, handOver } from './hand-over.js'
import { migrationError } from './migration-errors.js'
import type { StepDraft, UnitScope } from './unit-scope.js'

/** Where a step comes from. */
export interface StepSource {
  readonly allows: readonly AllowedFinding[]
  readonly where: SourceLocation
  readonly origin: CompiledStep['origin']
  /** What the author wrote. */
  readonly written: string
  /** The author wants the statement as it stands. */
  readonly verbatim: boolean
  /** Which engine is asked for beside the statement; absent: as the file says. */
  readonly engine?: WantedEngine
}

/** What is known of a step better than its text says it. */
type Known = Pick<SyncStatement, 'facts' | 'execution'>

/**
 * Makes a step of a statement: completes it to what runs, reads its facts, and takes in what it creates. Every statement
 * comes by here once.
 */
export function draftStep<S extends ParsedStatement>(
  statement: S,
  source: StepSource,
  scope: UnitScope<S>,
  known: Known = {},
): StepDraft<S> {
  const { language, made, proofs, newTables } = scope
  const parsed = language.asItRuns(statement, made, source.verbatim)
  const facts = proofs.apply(known.facts ?? language.readFacts(parsed, made))
  assertNewNames(language.namesGiven(parsed), facts.changes, source, scope)
  made.record(facts.changes)
  for (const { action, object, onNew } of facts.changes) {
    if (action === 'create' && object.type === 'table' && onNew) newTables.add(displayName(object))
  }
  const { origin, where, written, allows } = source
  const engine = handOver(parsed, facts, source, scope)
  const execution = known.execution ?? language.executionOf(parsed, facts)
  return {
    step: {
      statement: parsed.text,
      written,
      origin,
      where,
      execution: engine === undefined ? execution : { ...execution, engine },
      facts: handedOver(facts, engine),
      allows,
      // A sync trigger holds nothing.
      destroys: origin === 'sync' ? [] : destroyedBy(facts),
    },
    parsed,
    onlyNew:
      facts.transactional &&
      language.mayShareTransaction(parsed) &&
      facts.changes.some((change) => change.action !== 'read') &&
      facts.changes.every(isOnNew) &&
      facts.lock.tables.every((table) => newTables.has(table)),
  }
}

/**
 * A server numbers a second unnamed constraint (`users_age_check1`); a safe form has to say a name, and the second one
 * would fail when the first one is done already.
 */
function assertNewNames<S extends ParsedStatement>(
  named: readonly string[],
  changes: readonly Change[],
  { written, where }: StepSource,
  { made }: UnitScope<S>,
): void {
  const twice = changes.find(({ action, object }) => {
    if (action !== 'create' || (object.type !== 'constraint' && object.type !== 'index')) return false
    return named.includes(object.name) && made.has(object)
  })
  if (twice === undefined) return
  const { type, name } = twice.object
  throw migrationError(
    'MIGRATION.DUPLICATE_NAME',
    `${written} makes a second ${type} with the name ${name}.`,
    where,
    [`Give each ${type} a name of its own (ADD CONSTRAINT name …, CREATE INDEX name …, ops with { name }).`],
    { why: 'The first one has the name already when this one runs, and the unit would stop halfway.' },
  )
}

/** What is only read is judged by its lock. */
function isOnNew(change: Change): boolean {
  return change.onNew || change.action === 'read'
}

/** A step of SQL that we made ourselves: a sync trigger, a derived revert. */
export function draftOwn<S extends ParsedStatement>(
  { text, ...known }: SyncStatement,
  source: Omit<StepSource, 'allows' | 'verbatim'>,
  scope: UnitScope<S>,
): StepDraft<S> {
  return draftStep(parseOne(text, scope), { ...source, allows: [], verbatim: false }, scope, known)
}

/** A function of the author's: nothing is known of it but its version, so it counts as neither safe nor destructive. */
export function draftRun<S extends ParsedStatement>(
  operation: RunFunction,
  { allows, where, written }: StepSource,
  { language }: UnitScope<S>,
): StepDraft<S> {
  if (typeof operation.version !== 'string' || operation.version === '' || typeof operation.run !== 'function') {
    throw migrationError('MIGRATION.STATEMENT', 'ops.run wants a version and a function.', where, [
      "Write ops.run('1', async (context) => { … }) and change the version with the function.",
    ])
  }
  const lock = { mode: 'none', tables: [], blocks: 'nothing', duration: 'instant' } as const
  const execution = language.functionExecution
  return {
    step: {
      statement: `-- ${written}`,
      written,
      origin: 'function',
      where,
      execution,
      facts: { changes: [], lock, transactional: execution.mode === 'transaction' },
      allows,
      destroys: [],
      run: operation.run,
    },
    parsed: undefined,
    onlyNew: false,
  }
}

/** @throws `MIGRATION.STATEMENTS` where a text that should be one statement is another number of them */
export function parseOne<S extends ParsedStatement>(text: string, { language, file }: UnitScope<S>): S {
  const statements = language.parseStatements(text, file)
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
