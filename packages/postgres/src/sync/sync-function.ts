import { inBrackets, type SyncPlan } from '@phasegate/core'
import { quoteTable } from '../operations/table-reference.js'
import { quoteName } from '../quoting.js'

/**
 * The body of the trigger function. Per new column, with `forward` evaluated over the row as it is about to be stored:
 *
 * - UPDATE, new equals forward(old): nothing. So a backfill that writes forward(old) never runs backward.
 * - UPDATE, they differ and a column that forward reads was changed: new := forward(old).
 * - UPDATE, they differ and only the new column was changed: old := backward(new), where there is a backward.
 * - UPDATE, they differ and neither was changed (a row that the backfill has not reached): nothing.
 * - INSERT without the new column (NULL): new := forward(old).
 * - INSERT with the new column and nothing on the old side: old := backward(new), where there is a backward.
 * - INSERT with both: they stand.
 *
 * forward(old) goes through a variable of the new column's own type first, since the stored value has been cast and
 * rounded by then (`numeric(10,2)`), and an uncast one would look like a change by the writer. Values are compared by
 * their bytes (PostgreSQL docs: Composite Type Comparison, record_image_eq), which works for types that have no equality
 * (json), knows NULL, and looks nothing up in the writer's search path.
 *
 * Expressions are not rewritten: they are evaluated over a one-row table with the real table's name and columns. Where a
 * column is called like a variable, the column wins.
 */
export function syncFunctionBody(plan: SyncPlan): string {
  const { forward, backward } = plan
  const declared = [
    ...forward.flatMap(({ column }, i) => [
      `forward_${i} ${typeOf(plan, column)};`,
      `differs_${i} boolean;`,
      `old_changed_${i} boolean := false;`,
      `new_changed_${i} boolean;`,
    ]),
    ...backward.flatMap(({ column }, i) => [`backward_${i} ${typeOf(plan, column)};`, `goes_back_${i} boolean;`]),
  ]
  return [
    '#variable_conflict use_column',
    'DECLARE',
    ...indent(declared),
    'BEGIN',
    ...indent([
      `IF TG_OP = 'UPDATE' THEN`,
      ...indent([`IF ${same(involved(plan))} THEN RETURN NEW; END IF;`]),
      'END IF;',
      evaluate(
        plan,
        forward.map(({ expression }, i) => ({ expression, into: `forward_${i}` })),
      ),
      ...forward.map(
        ({ column }, i) =>
          `differs_${i} := NOT pg_catalog.record_image_eq(ROW(${field('NEW', column)}), ROW(forward_${i}));`,
      ),
      `IF TG_OP = 'UPDATE' THEN`,
      ...indent(forward.flatMap((entry, i) => onUpdate(entry, i))),
      'ELSE',
      ...indent(forward.flatMap((entry, i) => onInsert(entry, i))),
      'END IF;',
      ...backward.flatMap((_, i) => computeBackward(plan, i)),
      ...backward.map(({ column }, i) => `IF goes_back_${i} THEN ${field('NEW', column)} := backward_${i}; END IF;`),
      'RETURN NEW;',
    ]),
    'END',
    '',
  ].join('\n')
}

type Entry = SyncPlan['forward'][number]

function onUpdate({ column, reads }: Entry, i: number): readonly string[] {
  return [
    `old_changed_${i} := NOT ${same(reads)};`,
    `new_changed_${i} := NOT ${same([column])};`,
    `IF differs_${i} AND old_changed_${i} THEN ${field('NEW', column)} := forward_${i}; END IF;`,
  ]
}

/** On INSERT "the old side changed" means that one of its columns has a value. */
function onInsert({ column, reads }: Entry, i: number): readonly string[] {
  return [
    `old_changed_${i} := ${reads.map((read) => `${field('NEW', read)} IS NOT NULL`).join(' OR ')};`,
    `new_changed_${i} := ${field('NEW', column)} IS NOT NULL;`,
    `IF NOT new_changed_${i} THEN ${field('NEW', column)} := forward_${i}; END IF;`,
  ]
}

function computeBackward(plan: SyncPlan, i: number): readonly string[] {
  const { column, expression, reads } = plan.backward[i]!
  const causes = plan.forward.flatMap((entry, n) =>
    reads.includes(entry.column) ? [`(differs_${n} AND new_changed_${n} AND NOT old_changed_${n})`] : [],
  )
  const untouched = `CASE TG_OP WHEN 'UPDATE' THEN ${same([column])} ELSE ${field('NEW', column)} IS NULL END`
  return [
    `goes_back_${i} := (${causes.join(' OR ')}) AND ${untouched};`,
    `IF goes_back_${i} THEN`,
    ...indent([evaluate(plan, [{ expression, into: `backward_${i}` }])]),
    'END IF;',
  ]
}

function evaluate(plan: SyncPlan, values: readonly { expression: string; into: string }[]): string {
  const expressions = values.map(({ expression }) => inBrackets(expression)).join(', ')
  const targets = values.map(({ into }) => into).join(', ')
  return `SELECT ${expressions} INTO ${targets} FROM (SELECT NEW.*) AS ${quoteName(plan.table.name)};`
}

/** Every column whose change can matter; an UPDATE of others leaves at once. */
function involved({ forward, backward }: SyncPlan): readonly string[] {
  return [...new Set([...forward, ...backward].flatMap(({ column, reads }) => [column, ...reads]))]
}

function same(columns: readonly string[]): string {
  const row = (record: string): string => `ROW(${columns.map((column) => field(record, column)).join(', ')})`
  return `pg_catalog.record_image_eq(${row('NEW')}, ${row('OLD')})`
}

function field(record: string, column: string): string {
  return `${record}.${quoteName(column)}`
}

function typeOf(plan: SyncPlan, column: string): string {
  return `${quoteTable(plan.table)}.${quoteName(column)}%TYPE`
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`)
}
