import {
  displayName,
  EXIT,
  isComment,
  type ParsedBackfill,
  PhasegateError,
  type QualifiedName,
  textOf,
} from '@phasegate/core'
import type { Capabilities } from '../server/capabilities.js'
import { type Refuse, readAssignments } from './parse-assignments.js'
import { readQuery } from './read-query.js'
import type { ParsedStatement } from './statement-tree.js'
import { TokenReader } from './token-reader.js'
import { readTokens, type Token } from './tokens.js'

export type { ParsedBackfill } from '@phasegate/core'

/**
 * Takes `UPDATE … SET … WHERE …` or `DELETE FROM … WHERE …` apart, so that it can be run in batches.
 *
 * Columns may be qualified with the table's own name (`users.email`), which correlated subqueries need; whoever writes the
 * batches must not give the table an alias.
 *
 * @throws `BACKFILL.UNBATCHABLE` with the reason, for everything that cannot be cut into batches by key
 */
export function parseBackfill(statement: ParsedStatement, file: string, can: Capabilities): ParsedBackfill {
  const refuse: Refuse = (reason, next) => unbatchable(statement, file, reason, next)
  const { text, line, node } = statement
  const tokens = readTokens(text, file, line).filter((token) => !isComment(token))
  const reader = new TokenReader({ text, file, firstLine: line }, tokens)
  if (reader.is('WITH')) {
    throw refuse(
      'it begins with a WITH clause, which would run again for every batch',
      'Move the query into a subquery.',
    )
  }
  if (node.kind === 'delete' && reader.accept('DELETE')) return readDelete(reader, statement, can, refuse)
  if (node.kind !== 'update' || !reader.accept('UPDATE')) throw notBatchable(statement, refuse)
  const table = readTable(reader, refuse)
  const assignments = takeUntil(reader, 'WHERE', 'ORDER', 'LIMIT', 'RETURNING')
  const set = readAssignments(text, assignments, refuse)
  const condition = reader.accept('WHERE') ? takeUntil(reader, 'ORDER', 'LIMIT', 'RETURNING') : undefined
  assertNoLimit(reader, refuse)
  if (!can.updateReadsItself) assertOneTable(table, [...assignments, ...(condition ?? [])], refuse)
  const where = condition === undefined ? {} : { where: textOf(text, condition) }
  return { table, set, ...where, written: text, line }
}

function readDelete(
  reader: TokenReader,
  { text, line }: ParsedStatement,
  can: Capabilities,
  refuse: Refuse,
): ParsedBackfill {
  refuseModifier(reader, refuse)
  const joins = 'it reads other tables, and a row that matches twice would depend on chance'
  const subquery = 'Write a subquery: WHERE EXISTS (SELECT 1 FROM other WHERE other.id = users.other_id).'
  if (!reader.accept('FROM')) throw refuse(joins, subquery)
  const table = reader.qualifiedName()
  const name = displayName(table)
  if (reader.is('PARTITION'))
    throw refuse('it names partitions', `Write DELETE FROM ${name} and a condition on columns.`)
  if (reader.is('USING') || reader.is(',') || reader.is('.') || joinsAnother(reader)) throw refuse(joins, subquery)
  reader.accept('AS')
  const alias = ['WHERE', 'ORDER', 'LIMIT', 'RETURNING'].some((word) => reader.is(word))
    ? undefined
    : reader.optionalName()
  if (alias !== undefined) {
    const next = `Remove the alias; where a subquery needs a name for the row, write ${name}.`
    throw refuse(`it gives the table the alias ${alias}`, next)
  }
  const condition = reader.accept('WHERE') ? takeUntil(reader, 'ORDER', 'LIMIT', 'RETURNING') : undefined
  assertNoLimit(reader, refuse)
  if (condition === undefined) {
    const next = 'Write WHERE; a table of which no row is to stay is emptied in contract (TRUNCATE).'
    throw refuse('a DELETE without WHERE removes every row', next)
  }
  if (!can.updateReadsItself) assertOneTable(table, condition, refuse)
  return { table, form: { kind: 'delete' }, set: [], where: textOf(text, condition), written: text, line }
}

function refuseModifier(reader: TokenReader, refuse: Refuse): void {
  const modifier = reader.acceptAny('LOW_PRIORITY', 'QUICK', 'IGNORE')
  if (modifier === 'IGNORE') throw refuse('IGNORE turns errors into warnings that nobody reads', 'Remove IGNORE.')
  if (modifier !== undefined) throw refuse(`${modifier} has no meaning for InnoDB`, `Remove ${modifier}.`)
}

const JOINS = ['JOIN', 'INNER', 'CROSS', 'LEFT', 'RIGHT', 'NATURAL', 'STRAIGHT_JOIN']
const joinsAnother = (reader: TokenReader): boolean => JOINS.some((word) => reader.is(word))

/** `users SET`, with nothing else in between. */
function readTable(reader: TokenReader, refuse: Refuse): QualifiedName {
  const modifier = reader.acceptAny('LOW_PRIORITY', 'IGNORE')
  if (modifier === 'IGNORE') {
    throw refuse('IGNORE turns what a column cannot hold into something else without a word', 'Remove IGNORE.')
  }
  if (modifier !== undefined) throw refuse(`${modifier} has no meaning for InnoDB`, `Remove ${modifier}.`)
  const table = reader.qualifiedName()
  const name = displayName(table)
  if (reader.is('PARTITION')) throw refuse('it names partitions', `Write UPDATE ${name} and a condition on columns.`)
  if (reader.is(',') || joinsAnother(reader)) {
    throw refuse(
      'it joins another table, and a row that matches twice would depend on chance',
      `Write a correlated subquery: SET a = (SELECT … FROM other WHERE other.id = ${name}.other_id).`,
    )
  }
  reader.accept('AS')
  const alias = reader.is('SET') ? undefined : reader.optionalName()
  if (alias !== undefined) {
    const next = `Remove the alias; where a subquery needs a name for the row, write ${name}.`
    throw refuse(`it gives the table the alias ${alias}`, next)
  }
  reader.expect('SET')
  return table
}

function assertNoLimit(reader: TokenReader, refuse: Refuse): void {
  if (reader.is('ORDER')) throw refuse('it sets the order of its rows', 'Remove ORDER BY: batches go by key.')
  if (reader.is('LIMIT')) {
    const next = 'Leave that out: batches are made by key, with a size that adapts to the load.'
    throw refuse('it picks a number of rows (LIMIT) by itself', next)
  }
  if (reader.is('RETURNING')) throw refuse('it returns rows, and nobody reads them', 'Remove RETURNING.')
  if (!reader.ended) throw reader.unknown()
}

/** MySQL does not read the table that it updates in a subquery (error 1093). */
function assertOneTable(table: QualifiedName, tokens: readonly Token[], refuse: Refuse): void {
  const own = readQuery(tokens).tables.some(
    ({ schema, name }) => name === table.name && (schema === undefined || schema === table.schema),
  )
  if (!own) return
  throw refuse(
    `a subquery reads ${displayName(table)} itself, which this server does not do (error 1093)`,
    'Write it over the columns of the row and over other tables.',
  )
}

/** Takes tokens up to one of these words outside of brackets; it stays. */
function takeUntil(reader: TokenReader, ...words: readonly string[]): Token[] {
  const from = reader.at
  while (!reader.ended && !words.some((word) => reader.is(word))) {
    if (reader.is('(')) reader.brackets()
    else reader.at += reader.is('.') ? 2 : 1
  }
  return [...reader.tokens.slice(from, reader.at)]
}

function notBatchable({ node }: ParsedStatement, refuse: Refuse): PhasegateError {
  if (node.kind === 'insert' || node.kind === 'replace') {
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
