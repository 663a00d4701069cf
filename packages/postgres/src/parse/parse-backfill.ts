import {
  displayName,
  EXIT,
  findToken,
  isComment,
  type ParsedBackfill,
  PhasegateError,
  type QualifiedName,
  textOf,
} from '@phasegate/core'
import type { DeleteStmt, UpdateStmt } from 'libpg-query'
import { relationName } from './names.js'
import { assignmentsOf } from './parse-assignments.js'
import type { ParsedStatement } from './parse-statements.js'
import { kindOf } from './read-facts.js'
import { readTokens } from './tokens.js'
import { walkAst } from './walk-ast.js'

/**
 * Takes `UPDATE … SET … WHERE …` or `DELETE FROM … WHERE …` apart, so that it can be run in batches.
 *
 * Columns may be qualified with the table's own name (`users.email`), which correlated subqueries need; whoever writes the
 * batches must not give the table an alias.
 *
 * @throws `BACKFILL.UNBATCHABLE` with the reason, for everything that cannot be cut into batches by key
 */
export function parseBackfill(statement: ParsedStatement, file: string): ParsedBackfill {
  const refuse: Refuse = (reason, next) => unbatchable(statement, file, reason, next)
  const written = { written: statement.text, line: statement.line }
  if ('DeleteStmt' in statement.node)
    return { ...readDelete(statement, statement.node.DeleteStmt, file, refuse), ...written }
  if (!('UpdateStmt' in statement.node)) throw notBatchable(statement, refuse)
  const update = statement.node.UpdateStmt
  const table = relationName(update.relation)
  if (update.fromClause !== undefined) {
    throw refuse(
      'it reads another table with FROM, and a row that matches twice would depend on chance',
      `Write a correlated subquery: SET a = (SELECT … FROM other WHERE other.id = ${displayName(table)}.other_id).`,
    )
  }
  assertBatchable(update, `UPDATE ${displayName(table)}`, refuse)
  const { set, where } = assignmentsOf(statement, update, file, refuse)
  return { table, set, ...(where === undefined ? {} : { where }), ...written }
}

type Refuse = (reason: string, next: string) => PhasegateError

function readDelete(
  { text, line }: ParsedStatement,
  statement: DeleteStmt,
  file: string,
  refuse: Refuse,
): Omit<ParsedBackfill, 'written' | 'line'> {
  const table = relationName(statement.relation)
  if (statement.usingClause !== undefined) {
    const next = `Write a subquery: WHERE EXISTS (SELECT FROM other WHERE other.id = ${displayName(table)}.other_id).`
    throw refuse('it reads another table with USING', next)
  }
  assertBatchable(statement, `DELETE FROM ${displayName(table)}`, refuse)
  if (statement.whereClause === undefined) throw withoutWhere(refuse)
  const tokens = readTokens(text, file, line).filter((token) => !isComment(token))
  const where = textOf(text, tokens.slice(findToken(tokens, 'WHERE') + 1))
  return { table, form: { kind: 'delete' }, set: [], where }
}

function withoutWhere(refuse: Refuse): PhasegateError {
  return refuse(
    'a DELETE without WHERE removes every row',
    'Write WHERE; a table of which no row is to stay is emptied in contract (TRUNCATE).',
  )
}

/** @param begins how the statement begins without what is refused */
function assertBatchable(
  update: Pick<UpdateStmt | DeleteStmt, 'relation' | 'withClause' | 'returningClause' | 'whereClause'>,
  begins: string,
  refuse: Refuse,
): void {
  const table: QualifiedName = relationName(update.relation)
  if (update.withClause !== undefined) {
    throw refuse(
      'it begins with a WITH clause, which would run again for every batch',
      'Move the query into a subquery.',
    )
  }
  if (update.returningClause !== undefined) {
    throw refuse('it returns rows, and nobody reads them', 'Remove RETURNING.')
  }
  if (update.relation?.alias !== undefined) {
    throw refuse(
      `it gives the table the alias ${update.relation.alias.aliasname}`,
      `Remove the alias; where a subquery needs a name for the row, write ${displayName(table)}.`,
    )
  }
  if (update.relation?.inh !== true) {
    throw refuse('it uses ONLY, which leaves out partitions and child tables', `Write ${begins} without ONLY.`)
  }
  if (update.whereClause !== undefined && 'CurrentOfExpr' in update.whereClause) {
    throw refuse('it changes the row of a cursor', 'Write a condition on columns.')
  }
  if (limitsItself(update)) {
    throw refuse(
      'its condition picks a number of rows (LIMIT, or FOR UPDATE) by itself',
      'Leave that out: batches are made by key, with a size that adapts to the load.',
    )
  }
}

/** `WHERE id IN (SELECT id FROM t … LIMIT 1000)` on the same table is batching by hand. */
function limitsItself(update: Pick<UpdateStmt, 'relation' | 'whereClause'>): boolean {
  const own = update.relation?.relname
  let limits = false
  walkAst(update.whereClause, (value, key) => {
    if (key !== 'SelectStmt' && key !== 'subselect') return
    if (value.limitCount === undefined && value.lockingClause === undefined) return
    walkAst(value.fromClause, (relation) => {
      if (relation.relname === own) limits = true
    })
  })
  return limits
}

function notBatchable(statement: ParsedStatement, refuse: Refuse): PhasegateError {
  const kind = kindOf(statement.node)
  if (kind === 'InsertStmt' || kind === 'MergeStmt') {
    return refuse(
      'filling another table in batches is not supported in this version',
      'Write to the new table from the application, or fill it with UPDATE once its rows exist.',
    )
  }
  return refuse(
    'a backfill is one UPDATE … SET … [WHERE …], or one DELETE FROM … WHERE …',
    'Put statements that change the schema into expand or contract.',
  )
}

function unbatchable(statement: ParsedStatement, file: string, reason: string, next: string): PhasegateError {
  return new PhasegateError({
    code: 'BACKFILL.UNBATCHABLE',
    message: `This statement cannot be run in batches: ${reason}.`,
    why: 'A backfill runs in many small transactions, each over a range of keys, so that it never blocks for long.',
    next: [next],
    where: { file, line: statement.line },
    exit: EXIT.usage,
  })
}
