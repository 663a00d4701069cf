import { EXIT, type Phase, PhasegateError } from '@phasegate/core'
import type { Node } from 'libpg-query'
import { functionsCalled } from './functions.js'
import { namePartsOf, strings } from './names.js'
import { copyData } from './parse-sql.js'
import type { ParsedStatement } from './parse-statements.js'
import { kindOf } from './read-facts.js'
import { type AstValue, walkAst } from './walk-ast.js'

/** Our own tables; see journal-schema.ts. */
const JOURNAL_SCHEMA = 'phasegate'

interface Refusal {
  readonly code: string
  readonly why: string
  readonly next: string
}

const transaction = (next: string): Refusal => ({
  code: 'SQL.TRANSACTION_CONTROL',
  why: 'Each step runs in a transaction of its own, with its journal row in it, so that a failure leaves no doubt.',
  next,
})

const session = (next: string): Refusal => ({
  code: 'SQL.SESSION',
  why: 'A session belongs to the runner, and a resumed run has another one.',
  next,
})

const cluster = (next: string): Refusal => ({
  code: 'SQL.CLUSTER_WIDE',
  why: 'It changes the whole server, and no journal of one database can say whether it was done.',
  next,
})

const SETTING = transaction('Leave it out: timeouts are set for each step. For one function, use ALTER FUNCTION … SET.')

const REFUSED: Readonly<Record<string, Refusal>> = {
  TransactionStmt: transaction('Leave it out: what may share a transaction is derived from the statements.'),
  LockStmt: transaction('Leave it out: each statement takes the lock it needs, under a timeout and with retries.'),
  VariableSetStmt: SETTING,
  ConstraintsSetStmt: transaction('Write the data changes so that each statement leaves the constraints true.'),
  DiscardStmt: session('Leave it out.'),
  PrepareStmt: session('Write the statement itself.'),
  ExecuteStmt: session('Write the statement itself.'),
  DeallocateStmt: session('Leave it out.'),
  DeclareCursorStmt: session('Use a backfill, which walks the table in batches.'),
  FetchStmt: session('Use a backfill, which walks the table in batches.'),
  ClosePortalStmt: session('Leave it out.'),
  ListenStmt: session('Listen in the application.'),
  UnlistenStmt: session('Leave it out.'),
  LoadStmt: session('Set shared_preload_libraries on the server.'),
  CheckPointStmt: cluster('Leave it out.'),
  CreatedbStmt: cluster('Create the database before the first migration.'),
  DropdbStmt: cluster('Drop the database outside of migrations.'),
  AlterDatabaseStmt: cluster('Change the database outside of migrations.'),
  AlterDatabaseSetStmt: cluster('Change the database outside of migrations.'),
  AlterDatabaseRefreshCollStmt: cluster('Refresh the collation version outside of migrations.'),
  CreateTableSpaceStmt: cluster('Create the tablespace outside of migrations.'),
  DropTableSpaceStmt: cluster('Drop the tablespace outside of migrations.'),
  AlterTableSpaceOptionsStmt: cluster('Change the tablespace outside of migrations.'),
  AlterSystemStmt: cluster('Change the server configuration outside of migrations.'),
}

/** Functions that do what the statements above do. */
const REFUSED_FUNCTIONS: Readonly<Record<string, Refusal>> = {
  set_config: SETTING,
  pg_advisory_lock: transaction('Leave it out: the runner holds the lock of its lane.'),
  pg_advisory_xact_lock: transaction('Leave it out: the runner holds the lock of its lane.'),
  pg_advisory_unlock: transaction('Leave it out: the runner holds the lock of its lane.'),
  pg_advisory_unlock_all: transaction('Leave it out: it would free the lock of the runner.'),
  pg_terminate_backend: session('Ending other sessions is a choice of the operator, not of a migration.'),
}

/**
 * Refuses what a migration must not hold, before anything is executed.
 *
 * @throws `SQL.TRANSACTION_CONTROL`, `SQL.SESSION`, `SQL.CLUSTER_WIDE`, `SQL.COPY_STDIN`, `SQL.JOURNAL`
 */
export function refuseStatement(statement: ParsedStatement, phase: Phase | 'revert', file: string): void {
  const { node, line } = statement
  const where = { file, line }
  const refusal = REFUSED[kindOf(node)] ?? refusedCall(node) ?? temporary(node)
  if (refusal !== undefined) throw refused(statement, phase, refusal, where)
  if ('CopyStmt' in node && node.CopyStmt.filename === undefined) {
    if (node.CopyStmt.is_from === true) throw copyData(where)
    throw refused(statement, phase, session('Use SELECT or pg_dump; a migration has nobody to send rows to.'), where)
  }
  if (touchesJournal(node)) {
    throw new PhasegateError({
      code: 'SQL.JOURNAL',
      message: `${summary(statement)} touches the schema ${JOURNAL_SCHEMA}.`,
      why: 'It holds the journal, which the runner alone creates and writes.',
      next: ['Leave it out; the verbs of phasegate change the journal.'],
      where,
      exit: EXIT.usage,
    })
  }
}

function refusedCall(node: Node): Refusal | undefined {
  for (const name of functionsCalled(node)) {
    const refusal = Object.hasOwn(REFUSED_FUNCTIONS, name.at(-1) ?? '') ? REFUSED_FUNCTIONS[name.at(-1)!] : undefined
    if (refusal !== undefined) return refusal
  }
  return undefined
}

/**
 * A temporary table is gone with its session, and what the next session then finds under its name, to write or to drop,
 * is the real one.
 */
function temporary(node: Node): Refusal | undefined {
  let found = false
  walkAst(node, ({ relpersistence, schemaname }) => {
    if (relpersistence === 't' || schemaname === 'pg_temp') found = true
  })
  return found ? session('Use a WITH query, or a real table that a later statement drops.') : undefined
}

function refused(
  statement: ParsedStatement,
  phase: string,
  { code, why, next }: Refusal,
  where: { file: string; line: number },
): PhasegateError {
  return new PhasegateError({
    code,
    message: `${summary(statement)} cannot stand in ${phase}.`,
    why,
    next: [next],
    where,
    exit: EXIT.usage,
  })
}

/** The beginning of the statement on one line. */
function summary(statement: ParsedStatement): string {
  const text = statement.text.replace(/\s+/g, ' ')
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** Names of things in our schema stand in relations, in dotted names, and in statements about schemas. */
function touchesJournal(node: Node): boolean {
  let touches = false
  walkAst(node, (value, key) => {
    if (namesSchema(value, key) || namesJournal(value)) touches = true
    return !touches
  })
  return touches
}

function namesJournal(value: AstValue): boolean {
  const { schemaname, newschema } = value
  if (schemaname === JOURNAL_SCHEMA || newschema === JOURNAL_SCHEMA) return true
  const lists = [value.funcname, value.names, value.objname, value.items, value.typeName]
  return lists.some((list) => Array.isArray(list) && list.length > 1 && strings(list as Node[])[0] === JOURNAL_SCHEMA)
}

function namesSchema(value: AstValue, key: string): boolean {
  const about = value.removeType ?? value.renameType ?? value.objtype ?? value.objectType ?? value.targtype
  if (about !== 'OBJECT_SCHEMA' && value.targtype !== 'ACL_TARGET_ALL_IN_SCHEMA') return false
  if (key === 'RenameStmt') return value.subname === JOURNAL_SCHEMA || value.newname === JOURNAL_SCHEMA
  const named = [
    ...((value.objects as Node[] | undefined) ?? []),
    ...(value.object === undefined ? [] : [value.object as Node]),
  ]
  return named.some((object) => namePartsOf(object).includes(JOURNAL_SCHEMA))
}
