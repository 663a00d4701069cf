import {
  displayName,
  EXIT,
  type MadeObjects,
  PhasegateError,
  quoteTable,
  type StepExecution,
  type SyncColumn,
  type SyncLanguage,
  type SyncPlan,
  type SyncStatement,
} from '@phasegate/core'
import { tableFilter, triggerExists } from '../compile/catalog-conditions.js'
import { inBrackets } from '../operations/in-brackets.js'
import { readTokens, wordOf } from '../parse/tokens.js'
import { mysqlQuoting, quoteName } from '../quoting.js'
import { readersFirst, type SyncEvent, syncTrigger, syncTriggerName } from './sync-triggers.js'

const EVENTS = ['INSERT', 'UPDATE'] as const satisfies readonly SyncEvent[]

/** How MySQL and MariaDB keep two shapes equal. No column is hidden in every row, as PostgreSQL's system columns are. */
export const mysqlSync: SyncLanguage = { systemColumns: new Set(), compile: compileSync }

/**
 * The last steps of expand and the first of contract and revert. EXPLAIN lets the server look at the expressions before a
 * trigger exists, since a wrong name would be found only when the first row is written, and that write would fail; it runs
 * nothing.
 *
 * The triggers run with the rights of whoever creates them (DEFINER is the current user by default) and in the SQL mode of
 * the session that does, so that the expressions mean the same whoever writes.
 *
 * @throws `SYNC.EXPRESSION` for backward expressions that read each other, and for MATCH … AGAINST
 */
export function compileSync(plan: SyncPlan, made: Pick<MadeObjects, 'hasTable'>): ReturnType<SyncLanguage['compile']> {
  if (plan.backward.length > 0 && readersFirst(plan.backward).length === 0) throw readInACircle(plan)
  const searching = [...plan.forward, ...plan.backward].find(({ expression }) => searchesText(expression))
  if (searching !== undefined) throw searchesIndex(searching)
  const [first, second] = EVENTS
  return {
    create: [
      expressionCheck(plan, made.hasTable(plan.table)),
      {
        text: syncTrigger(plan, first),
        execution: { ...triggerExecution(plan, first), precondition: unreadable(plan) },
      },
      { text: syncTrigger(plan, second), execution: triggerExecution(plan, second) },
    ],
    drop: EVENTS.map((event) => ({
      text: `DROP TRIGGER IF EXISTS ${quoteTable(syncTriggerName(plan, event), mysqlQuoting)}`,
    })),
  }
}

/** EXPLAIN resolves every name of the UPDATE; its lock is that of any writer. */
function expressionCheck({ table, forward, backward }: SyncPlan, onNew: boolean): SyncStatement {
  const assignments = [...forward, ...backward].map(
    ({ column, expression }) => `${quoteName(column)} = ${inBrackets(expression)}`,
  )
  const change = { object: { type: 'table', ...table }, what: 'check sync expressions', onNew } as const
  return {
    text: `EXPLAIN UPDATE ${quoteTable(table, mysqlQuoting)} SET ${assignments.join(', ')}`,
    facts: {
      changes: [{ action: 'read', destroys: false, tightens: false, ...change }],
      lock: { mode: 'SHARED_WRITE', tables: [displayName(table)], blocks: 'nothing', duration: 'instant' },
      transactional: true,
    },
    execution: { mode: 'transaction', timeouts: 'short' },
  }
}

/** The name holds a hash of the migration and of the place of the sync in it, so what has it is ours. */
function triggerExecution(plan: SyncPlan, event: SyncEvent): StepExecution {
  const exists = triggerExists(syncTriggerName(plan, event))
  return { mode: 'alone', timeouts: 'short', probe: `SELECT CASE WHEN ${exists} THEN 'done' ELSE 'absent' END` }
}

/**
 * Columns that no BEFORE trigger can read: AUTO_INCREMENT is 0 there, and a generated column is computed from the row as
 * it was before other triggers (MySQL Reference Manual, "CREATE TABLE and Generated Columns"). And columns that a foreign
 * key changes by itself, which wakes no trigger.
 */
function unreadable(plan: SyncPlan): string {
  const read = [...new Set([...plan.forward, ...plan.backward].flatMap((entry) => entry.reads))]
  const names = read.map((name) => mysqlQuoting.literal(name)).join(', ')
  const column = (name: string, problem: string): string =>
    `CONCAT('sync of ', ${mysqlQuoting.literal(plan.table.name)}, ' reads ', ${name}, ', which ', ${problem})`
  return [
    `SELECT ${column('COLUMN_NAME', "'is ', LOWER(EXTRA), ' and has no value yet when a trigger runs'")} AS problem`,
    `FROM information_schema.COLUMNS WHERE ${tableFilter(plan.table)} AND COLUMN_NAME IN (${names})`,
    "AND (EXTRA LIKE '%auto_increment%' OR EXTRA LIKE 'VIRTUAL GENERATED%' OR EXTRA LIKE 'STORED GENERATED%')",
    'UNION ALL',
    `SELECT ${column('k.COLUMN_NAME', "'foreign key ', k.CONSTRAINT_NAME, ' changes without waking a trigger'")}`,
    'FROM information_schema.KEY_COLUMN_USAGE AS k',
    'JOIN information_schema.REFERENTIAL_CONSTRAINTS AS r',
    'ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME',
    `WHERE ${tableFilter(plan.table, 'k')} AND k.COLUMN_NAME IN (${names})`,
    "AND (r.UPDATE_RULE IN ('CASCADE', 'SET NULL') OR r.DELETE_RULE = 'SET NULL')",
    'LIMIT 1',
  ].join(' ')
}

function searchesText(expression: string): boolean {
  return readTokens(expression, '').some((token) => wordOf(token) === 'MATCH')
}

/** EXPLAIN finds the index of the table, and only the first row that is written would tell (error 1214, MySQL 9.7.4). */
function searchesIndex({ column }: SyncColumn): PhasegateError {
  return new PhasegateError({
    code: 'SYNC.EXPRESSION',
    message: `sync: the expression of ${column} holds MATCH … AGAINST.`,
    why: 'A trigger evaluates it over one row, which has no FULLTEXT index, so every write of the table would fail.',
    next: ['Write it with LIKE or REGEXP.'],
    exit: EXIT.usage,
  })
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
