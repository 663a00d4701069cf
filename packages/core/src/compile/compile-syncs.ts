import type { CompiledStep } from '../compiled/compiled-migration.js'
import { quoteTable } from '../operations/table-reference.js'
import { insideBrackets, textOf } from '../parse/clauses.js'
import { isComment } from '../parse/comments.js'
import {
  displayName,
  type GivenDefault,
  type ParsedStatement,
  type SqlLanguage,
  type SyncPlan,
  type Token,
} from '../ports/sql-language.js'
import { badSync } from '../sync/sync-errors.js'
import { type AuthoredSync, planSync } from '../sync/sync-plan.js'
import type { AuthoredMigration } from './authored-migration.js'
import { planWriterCount } from './read-count-writers.js'
import { draftOwn } from './step-draft.js'
import type { StepDraft, UnitScope } from './unit-scope.js'

/** The steps of a migration's sync triggers, for the three places in which they stand. */
export interface SyncSteps<S extends ParsedStatement> {
  create(scope: UnitScope<S>): readonly CompiledStep[]
  drop(scope: UnitScope<S>): readonly CompiledStep[]
  /** A synced new column with a default would never be NULL on INSERT, and forward would never run. */
  assertNoDefaults(drafts: readonly StepDraft<S>[]): void
}

/** @throws `SYNC.SHAPE`, `SYNC.EXPRESSION`, `SYNC.BACKFILL`; `SYNC.DEFAULT` from `assertNoDefaults` */
export function compileSyncs<S extends ParsedStatement>(
  authored: AuthoredMigration<S>,
  language: SqlLanguage<S>,
): SyncSteps<S> {
  const { quoting } = language
  const syncs = authored.sync.map((sync, index) => {
    assertBackfillAgrees(authored, sync, language)
    const plan = planSync(sync, `${authored.name} ${index} ${quoteTable(sync.table, quoting)}`, language)
    return { sync, plan, written: writtenSync(plan) }
  })
  assertColumnsOnce(
    syncs.map(({ sync }) => sync),
    language,
  )
  const steps = (part: 'create' | 'drop', scope: UnitScope<S>): readonly CompiledStep[] =>
    syncs.flatMap(({ sync, plan, written }) =>
      language.sync
        .compile(plan, scope.made)
        [part].map((statement) => draftOwn(statement, { written, origin: 'sync', where: sync.where }, scope).step),
    )
  const counts = authored.countWriters.map((count) => ({
    count,
    statements: language.countWriters(planWriterCount(count, authored.name, language)),
  }))
  const counting = (part: 'create' | 'drop', scope: UnitScope<S>): readonly CompiledStep[] =>
    counts.flatMap(({ count: { table, column, where }, statements }) =>
      statements[part].map((statement) => {
        const written = `countWriters(${displayName(table)}.${column})`
        return draftOwn(statement, { written, origin: 'sync', where }, scope).step
      }),
    )
  return {
    // Triggers of one kind may run in the order of their making: counted is what a client wrote, not what sync makes of it.
    create: (scope) => [...counting('create', scope), ...steps('create', scope)],
    drop: (scope) => [...steps('drop', scope), ...counting('drop', scope)],
    assertNoDefaults: (drafts) => {
      const given = drafts.flatMap(({ parsed }) => (parsed === undefined ? [] : language.givenDefaults(parsed)))
      for (const { sync } of syncs) assertNoDefault(sync, given, language)
    },
  }
}

function writtenSync({ table, forward, backward }: SyncPlan): string {
  const sides = [
    `forward ${forward.map(({ column }) => column).join(', ')}`,
    ...(backward.length === 0 ? [] : [`backward ${backward.map(({ column }) => column).join(', ')}`]),
  ]
  return `sync(${displayName(table)}, ${sides.join(', ')})`
}

function assertNoDefault(
  { table, forward, where }: AuthoredSync,
  given: readonly GivenDefault[],
  { columnKey }: Pick<SqlLanguage, 'columnKey'>,
): void {
  for (const { column } of forward) {
    if (!given.some((one) => one.table === table.name && columnKey(one.column) === columnKey(column))) continue
    throw badSync(
      'SYNC.DEFAULT',
      `${table.name}.${column} is kept by sync and has a default in expand.`,
      'An INSERT of the old code would get the default, and the trigger could not tell it from a value that was meant.',
      ['Leave the default out of expand and set it in contract.'],
      where,
    )
  }
}

function assertColumnsOnce(
  syncs: readonly AuthoredSync[],
  { quoting, columnKey }: Pick<SqlLanguage, 'quoting' | 'columnKey'>,
): void {
  const seen = new Set<string>()
  for (const { table, forward, backward, where } of syncs) {
    for (const { column } of [...forward, ...backward]) {
      const key = `${quoteTable(table, quoting)}.${columnKey(column)}`
      if (seen.has(key)) {
        throw badSync(
          'SYNC.SHAPE',
          `${quoteTable(table, quoting)}.${column} is written by two syncs.`,
          undefined,
          ['Name each column once.'],
          where,
        )
      }
      seen.add(key)
    }
  }
}

/**
 * With `backward`, a backfill that writes anything but forward(old) looks to the trigger like a writer of the new shape,
 * and would have the original values overwritten.
 */
function assertBackfillAgrees(
  { backfill, file }: Pick<AuthoredMigration<ParsedStatement>, 'backfill' | 'file'>,
  sync: AuthoredSync,
  language: ExpressionLanguage,
): void {
  if (backfill === undefined || sync.backward.length === 0 || backfill.table.name !== sync.table.name) return
  for (const { column, expression } of backfill.set) {
    const forward = sync.forward.find((entry) => language.columnKey(entry.column) === language.columnKey(column))
    if (forward === undefined || bare(forward.expression, file, language) === bare(expression, file, language)) continue
    throw badSync(
      'SYNC.BACKFILL',
      `The backfill sets ${column} to something else than sync's forward.`,
      'With a backward, the trigger would take it for a new value and overwrite the old columns with it.',
      [`Write set: { ${column}: sql\`${forward.expression}\` } in the backfill.`],
      backfill.location,
    )
  }
}

type ExpressionLanguage = Pick<SqlLanguage, 'readTokens' | 'canonicalSql' | 'columnKey'>

/** Without comments, layout and brackets around the whole. */
function bare(expression: string, file: string, language: ExpressionLanguage): string {
  let tokens: readonly Token[] = language.readTokens(expression, file).filter((token) => !isComment(token))
  while (tokens[0]?.text === '(' && insideBrackets(tokens, 0).length === tokens.length - 2) tokens = tokens.slice(1, -1)
  return language.canonicalSql(textOf(expression, tokens), file)
}
