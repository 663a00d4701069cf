import {
  EXIT,
  type MadeObjects,
  PhasegateError,
  quoteTable,
  type SyncLanguage,
  type SyncPlan,
  type SyncStatement,
} from '@phasegate/core'
import { tableFilter } from '../compile/catalog-conditions.js'
import { MUST_BE_EMPTY } from '../compile/marks.js'
import { inBrackets } from '../operations/in-brackets.js'
import { mysqlQuoting, quoteName } from '../quoting.js'
import { readersFirst, type SyncEvent, syncTrigger, syncTriggerName } from './sync-triggers.js'

const EVENTS: readonly SyncEvent[] = ['INSERT', 'UPDATE']

/** How MySQL and MariaDB keep two shapes equal. No column is hidden in every row, as PostgreSQL's system columns are. */
export const mysqlSync: SyncLanguage = { systemColumns: new Set(), compile: compileSync }

/**
 * The last steps of expand and the first of contract and revert. The first two let the server look at the expressions and
 * their columns before a trigger exists, since a wrong name would be found only when the first row is written, and that
 * write would fail; they write nothing.
 *
 * The triggers run with the rights of whoever creates them (DEFINER is the current user by default) and in the SQL mode of
 * the session that does, so that the expressions mean the same whoever writes.
 *
 * @throws `SYNC.EXPRESSION` for backward expressions that read each other
 */
export function compileSync(plan: SyncPlan, made: Pick<MadeObjects, 'hasTable'>): ReturnType<SyncLanguage['compile']> {
  if (plan.backward.length > 0 && readersFirst(plan.backward).length === 0) throw readInACircle(plan)
  const onNew = made.hasTable(plan.table)
  return {
    create: [
      ...[expressionCheck(plan), columnCheck(plan)].map((text) => readingOnly(text, plan, onNew)),
      ...EVENTS.map((event) => ({ text: syncTrigger(plan, event) })),
    ],
    drop: EVENTS.map((event) => ({ text: `DROP TRIGGER IF EXISTS ${syncTriggerName(plan, event)}` })),
  }
}

/** EXPLAIN resolves every name of the UPDATE and runs nothing. */
function expressionCheck({ table, forward, backward }: SyncPlan): string {
  const assignments = [...forward, ...backward].map(
    ({ column, expression }) => `${quoteName(column)} = ${inBrackets(expression)}`,
  )
  return `EXPLAIN UPDATE ${quoteTable(table, mysqlQuoting)} SET ${assignments.join(', ')}`
}

/**
 * Columns that no BEFORE trigger can read: AUTO_INCREMENT is 0 there, and a generated column is computed from the row as
 * it was before other triggers (MySQL Reference Manual, "CREATE TABLE and Generated Columns"). And columns that a foreign
 * key changes by itself, which wakes no trigger.
 */
function columnCheck(plan: SyncPlan): string {
  const read = [...new Set([...plan.forward, ...plan.backward].flatMap((entry) => entry.reads))]
  const names = read.map((name) => mysqlQuoting.literal(name)).join(', ')
  const own = tableFilter(plan.table)
  const key = tableFilter(plan.table, 'k')
  return [
    `SELECT ${MUST_BE_EMPTY} COLUMN_NAME AS \`column\`, CONCAT('is ', EXTRA, ': a trigger cannot read it') AS problem`,
    `FROM information_schema.COLUMNS WHERE ${own} AND COLUMN_NAME IN (${names})`,
    "AND (EXTRA LIKE '%auto_increment%' OR EXTRA LIKE 'VIRTUAL GENERATED%' OR EXTRA LIKE 'STORED GENERATED%')",
    'UNION ALL',
    "SELECT k.COLUMN_NAME, CONCAT('is changed by foreign key ', k.CONSTRAINT_NAME, ', which wakes no trigger')",
    'FROM information_schema.KEY_COLUMN_USAGE AS k',
    'JOIN information_schema.REFERENTIAL_CONSTRAINTS AS r',
    'ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME',
    `WHERE ${key} AND k.COLUMN_NAME IN (${names})`,
    "AND (r.UPDATE_RULE IN ('CASCADE', 'SET NULL') OR r.DELETE_RULE = 'SET NULL')",
  ].join('\n')
}

/** Reads the catalog or plans an UPDATE; its lock on the table is that of any reader or writer. */
function readingOnly(text: string, { table }: SyncPlan, onNew: boolean): SyncStatement {
  const object = { type: 'table', ...table } as const
  const change = { action: 'read', object, what: 'check sync expressions', destroys: false, tightens: false, onNew }
  return {
    text,
    facts: {
      changes: [{ ...change, action: 'read' }],
      lock: { mode: 'SHARED_WRITE', tables: [], blocks: 'nothing', duration: 'instant' },
      transactional: true,
    },
    execution: {
      mode: 'transaction',
      timeouts: 'short',
      ...(text.includes(MUST_BE_EMPTY) ? { mustBeEmpty: true as const } : {}),
    },
  }
}

function readInACircle({ backward }: SyncPlan): PhasegateError {
  const columns = backward.map(({ column }) => column).join(', ')
  return new PhasegateError({
    code: 'SYNC.EXPRESSION',
    message: `sync: backward of ${columns} read each other.`,
    why: 'A trigger assigns one column after the other here, and the second one would read what the first one just wrote.',
    next: ['Write each backward over columns of the new side alone.'],
    exit: EXIT.usage,
  })
}
