import { inBrackets } from '../operations/in-brackets.js'
import { inSchemaOf, quoteTable } from '../operations/table-reference.js'
import { quoteName } from '../quoting.js'
import { syncFunctionBody } from './sync-function.js'
import type { SyncPlan } from './sync-plan.js'

/** The statements that put a sync in place and that take it away, each a step of its own. */
export interface CompiledSync {
  readonly create: readonly string[]
  readonly drop: readonly string[]
}

/**
 * The last steps of expand and the first of contract and revert. The EXPLAIN lets the server read the expressions
 * against the real columns and types before a trigger exists, since plpgsql would find a wrong name only when the first
 * row is written, and that write would fail; it runs nothing. So do the columns that they read, in an INSERT beside it.
 *
 * The function runs as the writer (SECURITY INVOKER is the default) and with the search path of the session that creates
 * it, so that the expressions mean the same whoever writes.
 */
export function compileSync(plan: SyncPlan): CompiledSync {
  const table = quoteTable(plan.table)
  const call = `${inSchemaOf(plan.table, plan.functionName)}()`
  const trigger = quoteName(plan.triggerName)
  const assignments = [...plan.forward, ...plan.backward].map(
    ({ column, expression }) => `${quoteName(column)} = ${inBrackets(expression)}`,
  )
  return {
    create: [
      `EXPLAIN (COSTS OFF) ${readableColumns(plan)} UPDATE ${table} SET ${assignments.join(', ')}`,
      [
        `CREATE OR REPLACE FUNCTION ${call} RETURNS trigger`,
        'LANGUAGE plpgsql SET search_path FROM CURRENT',
        `AS ${dollarQuoted(syncFunctionBody(plan))}`,
      ].join('\n'),
      `CREATE OR REPLACE TRIGGER ${trigger} BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${call}`,
    ],
    drop: [`DROP TRIGGER IF EXISTS ${trigger} ON ${table}`, `DROP FUNCTION IF EXISTS ${call}`],
  }
}

/**
 * The server refuses an INSERT that names the whole row or a generated column. Of those a BEFORE trigger cannot read the
 * value: a generated column is computed only after it (PostgreSQL docs: Generated Columns). OVERRIDING SYSTEM VALUE, since
 * an identity has its value by then.
 */
function readableColumns({ table, forward, backward }: SyncPlan): string {
  const reads = [...new Set([...forward, ...backward].flatMap((entry) => entry.reads))].filter((name) => name !== '*')
  const columns = reads.map(quoteName)
  const values = columns.map((column) => `${quoteName(table.name)}.${column}`)
  const rows = `SELECT ${values.join(', ')} FROM ${quoteTable(table)}`
  return `WITH phasegate_reads AS (INSERT INTO ${quoteTable(table)} (${columns.join(', ')}) OVERRIDING SYSTEM VALUE ${rows})`
}

/** In a tag that the text does not hold. */
function dollarQuoted(text: string): string {
  let tag = '$phasegate$'
  for (let n = 1; text.includes(tag); n++) tag = `$phasegate${n}$`
  return `${tag}\n${text}${tag}`
}
