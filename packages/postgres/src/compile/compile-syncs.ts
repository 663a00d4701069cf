import type { CompiledStep, LockFacts } from '@phasegate/core'
import { quoteTable, tableText } from '../operations/table-reference.js'
import { canonicalSql } from '../parse/tokens.js'
import { type CompiledSync, compileSync } from '../sync/compile-sync.js'
import { badSync } from '../sync/sync-errors.js'
import { type AuthoredSync, planSync, type SyncPlan } from '../sync/sync-plan.js'
import type { AuthoredMigration } from './authored-migration.js'
import { givenDefaults } from './given-defaults.js'
import { draftOwn } from './step-draft.js'
import type { StepDraft, UnitScope } from './unit-scope.js'

/** The steps of a migration's sync triggers, for the three places in which they stand. */
export interface SyncSteps {
  create(scope: UnitScope): readonly CompiledStep[]
  drop(scope: UnitScope): readonly CompiledStep[]
  /** A synced new column with a default would never be NULL on INSERT, and forward would never run. */
  assertNoDefaults(drafts: readonly StepDraft[]): void
}

/** @throws `SYNC.SHAPE`, `SYNC.EXPRESSION`, `SYNC.BACKFILL`; `SYNC.DEFAULT` from `assertNoDefaults` */
export function compileSyncs(authored: AuthoredMigration): SyncSteps {
  const syncs = authored.sync.map((sync, index) => {
    assertBackfillAgrees(authored, sync)
    const plan = planSync(sync, `${authored.name} ${index} ${quoteTable(sync.table)}`)
    return { sync, plan, compiled: compileSync(plan), written: writtenSync(plan) }
  })
  assertColumnsOnce(syncs.map(({ sync }) => sync))
  const steps = (part: keyof CompiledSync, scope: UnitScope): readonly CompiledStep[] =>
    syncs.flatMap(({ sync, plan, compiled, written }) =>
      compiled[part].map((text) => {
        const { step } = draftOwn(text, { written, origin: 'sync', where: sync.where }, scope)
        return text.startsWith('EXPLAIN') ? { ...step, ...onlyPlanned(step, plan) } : step
      }),
    )
  return {
    create: (scope) => steps('create', scope),
    drop: (scope) => steps('drop', scope),
    assertNoDefaults: (drafts) => {
      const given = drafts.flatMap(({ parsed }) => (parsed === undefined ? [] : givenDefaults(parsed)))
      for (const { sync } of syncs) assertNoDefault(sync, given)
    },
  }
}

function writtenSync({ table, forward, backward }: SyncPlan): string {
  const sides = [
    `forward ${forward.map(({ column }) => column).join(', ')}`,
    ...(backward.length === 0 ? [] : [`backward ${backward.map(({ column }) => column).join(', ')}`]),
  ]
  const name = tableText(table.schema === undefined ? table.name : { schema: table.schema, table: table.name })
  return `sync(${name}, ${sides.join(', ')})`
}

/** EXPLAIN without ANALYZE plans the UPDATE and writes nothing; its lock is that of any writer. */
function onlyPlanned(step: CompiledStep, plan: SyncPlan): Pick<CompiledStep, 'facts' | 'execution'> {
  const table = { type: 'table', ...plan.table } as const
  const lock: LockFacts = { ...step.facts.lock, mode: 'ROW EXCLUSIVE', blocks: 'nothing', duration: 'instant' }
  const onNew = step.facts.changes.every((change) => change.onNew)
  const change = {
    action: 'read',
    object: table,
    what: 'check sync expressions',
    destroys: false,
    tightens: false,
    onNew,
  } as const
  return {
    facts: { changes: [change], lock, transactional: true },
    execution: { mode: 'transaction', timeouts: 'short' },
  }
}

function assertNoDefault({ table, forward, where }: AuthoredSync, given: ReturnType<typeof givenDefaults>): void {
  for (const { column } of forward) {
    if (!given.some((one) => one.table === table.name && one.column === column)) continue
    throw badSync(
      'SYNC.DEFAULT',
      `${table.name}.${column} is kept by sync and has a default in expand.`,
      'An INSERT of the old code would get the default, and the trigger could not tell it from a value that was meant.',
      ['Leave the default out of expand and set it in contract.'],
      where,
    )
  }
}

function assertColumnsOnce(syncs: readonly AuthoredSync[]): void {
  const seen = new Set<string>()
  for (const { table, forward, backward, where } of syncs) {
    for (const { column } of [...forward, ...backward]) {
      const key = `${quoteTable(table)}.${column}`
      if (seen.has(key)) {
        throw badSync('SYNC.SHAPE', `${key} is written by two syncs.`, undefined, ['Name each column once.'], where)
      }
      seen.add(key)
    }
  }
}

/**
 * With `backward`, a backfill that writes anything but forward(old) looks to the trigger like a writer of the new shape,
 * and would have the original values overwritten.
 */
function assertBackfillAgrees({ backfill, file }: AuthoredMigration, sync: AuthoredSync): void {
  if (backfill === undefined || sync.backward.length === 0 || backfill.table.name !== sync.table.name) return
  for (const { column, expression } of backfill.set) {
    const forward = sync.forward.find((entry) => entry.column === column)
    if (forward === undefined || bare(forward.expression, file) === bare(expression, file)) continue
    throw badSync(
      'SYNC.BACKFILL',
      `The backfill sets ${column} to something else than sync's forward.`,
      'With a backward, the trigger would take it for a new value and overwrite the old columns with it.',
      [`Write set: { ${column}: sql\`${forward.expression}\` } in the backfill.`],
      backfill.location,
    )
  }
}

/** Without comments, layout and brackets around the whole. */
function bare(expression: string, file: string): string {
  let text = canonicalSql(expression, file)
  while (wrapped(text)) text = text.slice(1, -1).trim()
  return text
}

function wrapped(text: string): boolean {
  if (!text.startsWith('(') || !text.endsWith(')')) return false
  let depth = 0
  const outside = text.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (quoted) => ' '.repeat(quoted.length))
  for (const [index, character] of [...outside].entries()) {
    if (character === '(') depth++
    if (character === ')') depth--
    if (depth === 0) return index === [...outside].length - 1
  }
  return false
}
