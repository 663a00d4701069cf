import { inBrackets, type MadeObjects, type SyncLanguage, type SyncPlan, type SyncStatement } from '@phasegate/core'
import { inSchemaOf, quoteTable } from '../operations/table-reference.js'
import { parseStatements } from '../parse/parse-statements.js'
import { readFacts } from '../parse/read-facts.js'
import { quoteName } from '../quoting.js'
import { syncFunctionBody } from './sync-function.js'

/**
 * Triggers of one kind fire in the order of their names (PostgreSQL docs: CREATE TRIGGER), and ours is to see what the
 * table's other BEFORE triggers made of the row.
 */
const LAST = 'zz_'

/** PostgreSQL docs: System Columns. No column of a table can have one of these names. */
const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid'])

/**
 * The last steps of expand and the first of contract and revert. The EXPLAIN lets the server read the expressions
 * against the real columns and types before a trigger exists, since plpgsql would find a wrong name only when the first
 * row is written, and that write would fail; it runs nothing. So do the columns that they read, in an INSERT beside it.
 *
 * The function runs as the writer (SECURITY INVOKER is the default) and with the search path of the session that creates
 * it, so that the expressions mean the same whoever writes.
 */
function compileSync(plan: SyncPlan, made: MadeObjects): ReturnType<SyncLanguage['compile']> {
  const table = quoteTable(plan.table)
  const call = `${inSchemaOf(plan.table, plan.name)}()`
  const trigger = quoteName(LAST + plan.name)
  const assignments = [...plan.forward, ...plan.backward].map(
    ({ column, expression }) => `${quoteName(column)} = ${inBrackets(expression)}`,
  )
  return {
    create: [
      onlyPlanned(`${readableColumns(plan)} UPDATE ${table} SET ${assignments.join(', ')}`, plan, made),
      {
        text: [
          `CREATE OR REPLACE FUNCTION ${call} RETURNS trigger`,
          'LANGUAGE plpgsql SET search_path FROM CURRENT',
          `AS ${dollarQuoted(syncFunctionBody(plan))}`,
        ].join('\n'),
      },
      {
        text: [
          `CREATE OR REPLACE TRIGGER ${trigger} BEFORE INSERT OR UPDATE ON ${table}`,
          `FOR EACH ROW EXECUTE FUNCTION ${call}`,
        ].join(' '),
      },
    ],
    drop: [{ text: `DROP TRIGGER IF EXISTS ${trigger} ON ${table}` }, { text: `DROP FUNCTION IF EXISTS ${call}` }],
  }
}

/** EXPLAIN without ANALYZE plans the UPDATE and writes nothing; its lock is that of any writer. */
function onlyPlanned(update: string, { table }: SyncPlan, made: MadeObjects): SyncStatement {
  const text = `EXPLAIN (COSTS OFF) ${update}`
  const [parsed] = parseStatements(text, '')
  const facts = readFacts(parsed!, made)
  return {
    text,
    facts: {
      changes: [
        {
          action: 'read',
          object: { type: 'table', ...table },
          what: 'check sync expressions',
          destroys: false,
          tightens: false,
          onNew: facts.changes.every((change) => change.onNew),
        },
      ],
      lock: { ...facts.lock, mode: 'ROW EXCLUSIVE', blocks: 'nothing', duration: 'instant' },
      transactional: true,
    },
    execution: { mode: 'transaction', timeouts: 'short' },
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

/** PostgreSQL's half of sync: one trigger function and one trigger a table. */
export const postgresSync: SyncLanguage = { systemColumns: SYSTEM_COLUMNS, compile: compileSync }
