import type { AllowedFinding, Change, CompiledStep, RunFunction, SourceLocation } from '@phasegate/core'
import { displayName } from '../parse/names.js'
import { type ParsedStatement, parseStatements } from '../parse/parse-statements.js'
import { readFacts } from '../parse/read-facts.js'
import { walkAst } from '../parse/walk-ast.js'
import { destroyedBy } from './destroyed-objects.js'
import { migrationError } from './migration-errors.js'
import { withProvenColumns } from './proven-columns.js'
import { stepExecution } from './step-execution.js'
import type { StepDraft, UnitScope } from './unit-scope.js'

/** Where a step comes from. */
export interface StepSource {
  readonly allows: readonly AllowedFinding[]
  readonly where: SourceLocation
  readonly origin: CompiledStep['origin']
  /** What the author wrote. */
  readonly written: string
}

/** Makes a step of a parsed statement: reads its facts, and takes in what it creates. */
export function draftStep(parsed: ParsedStatement, source: StepSource, scope: UnitScope): StepDraft {
  const facts = scope.proofs.apply(withProvenColumns(parsed, readFacts(parsed, scope.made)))
  assertNewNames(parsed, facts.changes, source, scope)
  scope.made.record(facts.changes)
  for (const { action, object, onNew } of facts.changes) {
    if (action === 'create' && object.type === 'table' && onNew) scope.newTables.add(displayName(object))
  }
  const { origin, where, written, allows } = source
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
      facts.changes.some((change) => change.action !== 'read') &&
      facts.changes.every(isOnNew) &&
      facts.lock.tables.every((table) => scope.newTables.has(table)),
  }
}

/**
 * PostgreSQL numbers a second unnamed constraint (`users_age_check1`); a safe form has to say a name, and the second one
 * would fail when the first one is done already.
 */
function assertNewNames(
  { node }: ParsedStatement,
  changes: readonly Change[],
  { written, where }: StepSource,
  { made }: UnitScope,
): void {
  const named: string[] = []
  walkAst(node, ({ conname, idxname }) => {
    for (const name of [conname, idxname]) if (typeof name === 'string') named.push(name)
  })
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
export function draftOwn(text: string, source: Omit<StepSource, 'allows'>, scope: UnitScope): StepDraft {
  return draftStep(parseOne(text, scope.file), { ...source, allows: [] }, scope)
}

/** A function of the author's: nothing is known of it but its version, so it counts as neither safe nor destructive. */
export function draftRun(operation: RunFunction, source: StepSource): StepDraft {
  if (typeof operation.version !== 'string' || operation.version === '' || typeof operation.run !== 'function') {
    throw migrationError('MIGRATION.STATEMENT', 'ops.run wants a version and a function.', source.where, [
      "Write ops.run('1', async (context) => { … }) and change the version with the function.",
    ])
  }
  const lock = { mode: 'none', tables: [], blocks: 'nothing', duration: 'instant' } as const
  return {
    step: {
      statement: `-- ${source.written}`,
      ...source,
      origin: 'function',
      execution: { mode: 'transaction', timeouts: 'online' },
      facts: { changes: [], lock, transactional: true },
      destroys: [],
      run: operation.run,
    },
    parsed: undefined,
    onlyNew: false,
  }
}

/** @throws `MIGRATION.STATEMENTS` where a text that should be one statement is another number of them */
export function parseOne(text: string, file: string): ParsedStatement {
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
