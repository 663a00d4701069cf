import { type QualifiedName, quoteTable, type SyncColumn, type SyncPlan } from '@phasegate/core'
import { inBrackets } from '../operations/in-brackets.js'
import { mysqlQuoting, quoteName } from '../quoting.js'
import { sameValue, storedForwardDiffers } from './stored-forward.js'

/** What wakes a trigger; both servers want a trigger for each. */
export type SyncEvent = 'INSERT' | 'UPDATE'

interface Trigger {
  readonly plan: SyncPlan
  readonly event: SyncEvent
  /** Before the names of variables: one that no column of the sync begins with. */
  readonly prefix: string
}

/**
 * The CREATE TRIGGER of one event. Per new column, with `forward` evaluated over the row as it is about to be stored:
 *
 * - UPDATE, new equals forward(old): nothing. So a backfill that writes forward(old) never runs backward.
 * - UPDATE, they differ and a column that forward reads was changed: new := forward(old).
 * - UPDATE, they differ and only the new column was changed: old := backward(new), where there is a backward.
 * - UPDATE, they differ and neither was changed (a row that the backfill has not reached): nothing.
 * - INSERT without the new column (NULL): new := forward(old).
 * - INSERT with the new column and nothing on the old side: old := backward(new), where there is a backward.
 * - INSERT with both: they stand.
 *
 * Whether they differ is asked only where something could go backward: elsewhere new := forward(old) leaves what is equal.
 *
 * Expressions are not rewritten: they are evaluated over a one-row derived table with the real table's name and the
 * columns that are read, which keeps their types and collations (measured on MySQL 9.7.4 and MariaDB 10.11.19).
 *
 * Triggers of one event run in the order of their creation, so ours sees what those that were there made of the row. Rows
 * that a foreign key changes by CASCADE or SET NULL wake none (MySQL Reference Manual, "Trigger Syntax and Examples").
 */
export function syncTrigger(plan: SyncPlan, event: SyncEvent): string {
  const trigger = { plan, event, prefix: variablePrefix(plan) }
  const { forward, backward } = plan
  return [
    `CREATE TRIGGER ${quoteTable(syncTriggerName(plan, event), mysqlQuoting)} BEFORE ${event} ON ${quoteTable(plan.table, mysqlQuoting)}`,
    'FOR EACH ROW',
    'BEGIN',
    ...indent([
      ...forward.flatMap((entry, i) => declareChanges(trigger, entry, i)),
      ...backward.map((entry, i) => declareBack(trigger, entry, i)),
      ...forward.flatMap((entry, i) => askWhetherItDiffers(trigger, entry, i)),
      ...backward.map((entry, i) => decideBack(trigger, entry, i)),
      ...forward.map((entry, i) => assign(trigger, entry, forwardWhen(trigger, entry, i))),
      ...readersFirst(backward).map((entry) =>
        assign(trigger, entry, `${trigger.prefix}back_${backward.indexOf(entry)}`),
      ),
    ]),
    'END',
  ].join('\n')
}

/** In the schema of its table. The plan's name leaves room for the ending. */
export function syncTriggerName({ table: { schema }, name }: SyncPlan, event: SyncEvent): QualifiedName {
  const trigger = { name: `${name}${event === 'INSERT' ? '_i' : '_u'}` }
  return schema === undefined ? trigger : { schema, ...trigger }
}

/**
 * Assignments take effect one by one, so a backward that reads what another one writes comes before it. Where they read
 * each other there is no order, which `compileSync` refuses.
 */
export function readersFirst(backward: readonly SyncColumn[]): readonly SyncColumn[] {
  const left = [...backward]
  const sorted: SyncColumn[] = []
  while (left.length > 0) {
    const next = left.findIndex(({ column }) => !left.some((other) => other.column !== column && reads(other, column)))
    if (next === -1) return []
    sorted.push(...left.splice(next, 1))
  }
  return sorted
}

/** Column names are the same in any case. */
export function reads(entry: SyncColumn, column: string): boolean {
  return entry.reads.some((name) => name.toLowerCase() === column.toLowerCase())
}

/** A variable of the body would hide a column of its name. */
function variablePrefix({ forward, backward }: SyncPlan): string {
  const columns = [...forward, ...backward].flatMap(({ column, reads: read }) => [column, ...read])
  let prefix = 'phasegate_'
  while (columns.some((name) => name.toLowerCase().startsWith(prefix))) prefix += '_'
  return prefix
}

/** Which side the writer changed; in an INSERT, of which side he gave anything. */
function declareChanges({ event, prefix }: Trigger, { column, reads: read }: SyncColumn, i: number): readonly string[] {
  const changed = (columns: readonly string[]): string =>
    event === 'UPDATE'
      ? `NOT (${unchanged(columns)})`
      : columns.map((name) => `${field('NEW', name)} IS NOT NULL`).join(' OR ')
  return [
    `DECLARE ${prefix}old_${i} BOOLEAN DEFAULT ${changed(read)};`,
    `DECLARE ${prefix}new_${i} BOOLEAN DEFAULT ${changed([column])};`,
  ]
}

/** A column of the old side that the writer sets himself is left alone. */
function declareBack({ event, prefix }: Trigger, { column }: SyncColumn, i: number): string {
  const untouched = event === 'UPDATE' ? unchanged([column]) : `${field('NEW', column)} IS NULL`
  return `DECLARE ${prefix}back_${i} BOOLEAN DEFAULT ${untouched};`
}

function askWhetherItDiffers(trigger: Trigger, entry: SyncColumn, i: number): readonly string[] {
  const { plan, prefix } = trigger
  if (!plan.backward.some((other) => reads(other, entry.column))) return []
  const differs = storedForwardDiffers({
    column: field('NEW', entry.column),
    forward: evaluate(trigger, entry, ` AS ${prefix}value`),
    into: `${prefix}new_${i}`,
    prefix,
  })
  return [`IF ${onlyNew(trigger, i)} THEN`, ...indent(differs.split('\n')), 'END IF;']
}

function decideBack(trigger: Trigger, entry: SyncColumn, i: number): string {
  const { plan, prefix } = trigger
  const causes = plan.forward.flatMap(({ column }, n) => (reads(entry, column) ? [`(${onlyNew(trigger, n)})`] : []))
  return `SET ${prefix}back_${i} = ${prefix}back_${i} AND (${causes.join(' OR ')});`
}

function onlyNew({ prefix }: Trigger, i: number): string {
  return `${prefix}new_${i} AND NOT ${prefix}old_${i}`
}

function forwardWhen({ event, prefix }: Trigger, { column }: SyncColumn, i: number): string {
  return event === 'UPDATE' ? `${prefix}old_${i}` : `${field('NEW', column)} IS NULL`
}

function assign(trigger: Trigger, entry: SyncColumn, when: string): string {
  return `IF ${when} THEN SET ${field('NEW', entry.column)} = (${evaluate(trigger, entry)}); END IF;`
}

function evaluate({ plan }: Trigger, { expression, reads: read }: SyncColumn, name = ''): string {
  const columns = read.map((column) => `${field('NEW', column)} AS ${quoteName(column)}`).join(', ')
  return `SELECT ${inBrackets(expression)}${name} FROM (SELECT ${columns}) AS ${quoteName(plan.table.name)}`
}

function unchanged(columns: readonly string[]): string {
  return columns.map((name) => sameValue(field('NEW', name), field('OLD', name))).join(' AND ')
}

function field(record: string, column: string): string {
  return `${record}.${quoteName(column)}`
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`)
}
