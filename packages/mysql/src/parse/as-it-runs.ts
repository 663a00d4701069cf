import { isComment, type MadeObjects } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import type { Capabilities } from '../server/capabilities.js'
import { alterTableWork, combinedWork, dropIndexWork, indexWork, requestedWork, type Work } from './clause-work.js'
import { indexName } from './index-names.js'
import { onlineClause } from './online-clause.js'
import { parseStatements } from './parse-statements.js'
import { unknownClause } from './sql-errors.js'
import type { AlterClause, AlterTable, OnlineOptions, ParsedStatement, StatementNode } from './statement-tree.js'
import { readTokens, type Token, wordOf } from './tokens.js'

type NodeOf<K extends StatementNode['kind']> = Extract<StatementNode, { kind: K }>

/**
 * The statement as it runs: with a name for an index that has none, and with the ALGORITHM and LOCK that make the server
 * refuse instead of blocking, where the author names neither (DEFAULT names none). Beside an ALGORITHM of the author's it is
 * the LOCK alone: a FULLTEXT or SPATIAL index of the table makes the server choose SHARED by itself (measured on MySQL 9.7.4
 * and MariaDB 10.11.19). What would copy the table while writers wait stays as it is, for the safety check to judge.
 *
 * Where the server has no IF EXISTS in ALTER TABLE the text goes without it, and only the tree still says it: the probe
 * tells then that there is nothing to drop.
 *
 * @param verbatim the author wants it as it stands
 * @throws `SQL.CLAUSE` for what this server's grammar has not
 */
export function asItRuns(
  statement: ParsedStatement,
  made: MadeObjects,
  verbatim: boolean,
  can: Capabilities,
): ParsedStatement {
  const { node } = statement
  if (node.kind === 'alter table') {
    refuseGrammar(statement, node, can)
    return alterTableAsItRuns(statement, node, verbatim || made.hasTable(node.table), verbatim, can)
  }
  if (verbatim || (node.kind !== 'create index' && node.kind !== 'drop index')) return statement
  if (node.kind === 'create index') return createIndexAsItRuns(statement, node, made.hasTable(node.table), can)
  return dropIndexAsItRuns(statement, node, can)
}

/** Grammar of the other server, or of the standard. */
function refuseGrammar(statement: ParsedStatement, node: AlterTable, can: Capabilities): void {
  const refuse = (clause: string, why: string): never => {
    throw unknownClause({ text: statement.text, file: statement.file, firstLine: statement.line }, 0, clause, why)
  }
  for (const clause of node.clauses) {
    const isStandard = clause.kind === 'set not null' || clause.kind === 'drop not null'
    if (isStandard && !/^modify\b/i.test(clause.text)) {
      refuse(clause.text, 'MODIFY COLUMN takes its place here, and wants the whole definition of the column.')
    }
    if ('ifNotExists' in clause && clause.ifNotExists && !can.ifExistsInAlter) {
      refuse(clause.text, 'This server has no IF NOT EXISTS in ALTER TABLE.')
    }
  }
}

function alterTableAsItRuns(
  statement: ParsedStatement,
  node: AlterTable,
  asWritten: boolean,
  verbatim: boolean,
  can: Capabilities,
): ParsedStatement {
  const named = verbatim ? statement.text : withIndexNames(statement, node)
  const options = asWritten ? [] : optionsOf(node, can)
  const text = [named, ...options].join(', ')
  const run = reparsed(statement, text)
  const plain =
    verbatim || can.ifExistsInAlter || run.node.kind !== 'alter table'
      ? run
      : { ...run, text: editClauses(text, run.node.clauses, withoutIfExists) }
  // Ours, not the author's: a column of an index, of a foreign key or of a compressed table cannot be changed so, which
  // only the catalog knows.
  return options.includes(INSTANT) ? { ...plain, otherwise: plain.text.slice(0, -INSTANT.length) + IN_PLACE } : plain
}

const INSTANT = 'ALGORITHM=INSTANT'
const IN_PLACE = 'ALGORITHM=INPLACE, LOCK=NONE'

function optionsOf(node: AlterTable, can: Capabilities): readonly string[] {
  if (node.clauses.some(({ kind }) => kind === 'partition')) return []
  if (!hasNone(node.online)) return missingLock(node.online, alterTableWork(node, can))
  return node.clauses.every(takesOptions) ? (onlineClause(combinedWork(node.clauses, can), can) ?? []) : []
}

function hasNone({ algorithm = 'DEFAULT', lock = 'DEFAULT' }: OnlineOptions): boolean {
  return algorithm === 'DEFAULT' && lock === 'DEFAULT'
}

function missingLock({ algorithm, lock = 'DEFAULT' }: OnlineOptions, work: Work): readonly string[] {
  const open = (algorithm === 'INPLACE' || algorithm === 'NOCOPY') && lock === 'DEFAULT'
  return open && !work.blocksWrites ? ['LOCK=NONE'] : []
}

/** What is unknown is not guessed. Partition clauses stand at the end, and take none behind them. */
function takesOptions({ kind }: AlterClause): boolean {
  return kind !== 'change column'
}

/** The same text, with a name in each clause that adds an index without one. */
function withIndexNames(statement: ParsedStatement, { table, clauses }: AlterTable): string {
  return editClauses(statement.text, clauses, (clause, tokens) => {
    if (clause.kind !== 'add index' || clause.index.name !== undefined) return undefined
    const at = tokens.find(({ text: word }) => /^(\(|using|type)$/i.test(word))!.start
    return { from: at, to: at, text: `${quoteName(indexName(table, clause.index))} ` }
  })
}

function withoutIfExists(clause: AlterClause, tokens: readonly Token[]): Edit | undefined {
  if (!('ifExists' in clause) || !clause.ifExists) return undefined
  const at = tokens.findIndex((token, i) => wordOf(token) === 'IF' && wordOf(tokens[i + 1]) === 'EXISTS')
  return { from: tokens[at]!.start, to: tokens[at + 2]!.start, text: '' }
}

interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

/**
 * The text with an edit in each clause that has one. Clauses are found by their tokens: a comment or a string may hold the
 * same words.
 *
 * @param edit gets the tokens of the clause as they stand in the whole text
 */
function editClauses(
  text: string,
  clauses: readonly AlterClause[],
  edit: (clause: AlterClause, tokens: readonly Token[]) => Edit | undefined,
): string {
  const all = tokensOf(text)
  const edits: Edit[] = []
  let at = 0
  for (const clause of clauses) {
    const own = tokensOf(clause.text)
    const found = all.findIndex((_, i) => i >= at && own.every((token, n) => token.text === all[i + n]?.text))
    // A column of `ADD (a int, b int)` has words in its text that the whole has but once; nothing of it is edited.
    if (found === -1) continue
    at = found + own.length
    const one = edit(clause, all.slice(found, at))
    if (one !== undefined) edits.push(one)
  }
  return edits.reduceRight((whole, { from, to, text: put }) => whole.slice(0, from) + put + whole.slice(to), text)
}

/** Of a text that was read before, so that there is nothing to say where. */
function tokensOf(text: string): readonly Token[] {
  return readTokens(text, '').filter((token) => !isComment(token))
}

function createIndexAsItRuns(
  statement: ParsedStatement,
  node: NodeOf<'create index'>,
  onNew: boolean,
  can: Capabilities,
): ParsedStatement {
  const { text } = statement
  const tokens = tokensOf(text)
  const before = tokens.find((token) => /^(on|using|type)$/i.test(token.text))!.start
  // Unlike ALTER TABLE it takes each of the two only once (error 1064), and they stand at its end.
  const behind = tokens.findIndex((token, i) => /^(ALGORITHM|LOCK)$/.test(wordOf(token) ?? '') && i > listEnd(tokens))
  const options = onNew ? [] : indexOptions(node, can)
  const end = options.length > 0 && behind !== -1 ? tokens[behind - 1]!.end : text.length
  const name = node.index.name === undefined ? `${quoteName(indexName(node.table, node.index))} ` : ''
  return reparsed(statement, [`${text.slice(0, before)}${name}${text.slice(before, end)}`, ...options].join(' '))
}

/** The bracket behind the columns. */
function listEnd(tokens: readonly Token[]): number {
  return tokens.findLastIndex(({ what, text }) => what === 'symbol' && text === ')')
}

function indexOptions({ index, online }: NodeOf<'create index'>, can: Capabilities): readonly string[] {
  if (hasNone(online)) return onlineClause(indexWork(index), can) ?? []
  const lock = missingLock(online, requestedWork(indexWork(index), online, can))
  return lock.length === 0 ? [] : [`ALGORITHM=${online.algorithm}`, ...lock]
}

/** As a clause of ALTER TABLE, since MariaDB's DROP INDEX takes no ALGORITHM (error 1064). */
function dropIndexAsItRuns(statement: ParsedStatement, node: NodeOf<'drop index'>, can: Capabilities): ParsedStatement {
  if (!hasNone(node.online)) return statement
  const { schema, name } = node.table
  const table = schema === undefined ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`
  const clause = `DROP INDEX ${node.ifExists ? 'IF EXISTS ' : ''}${quoteName(node.name)}`
  const options = onlineClause(dropIndexWork, can) ?? []
  const run = reparsed(statement, [`ALTER TABLE ${table} ${clause}`, ...options].join(', '))
  return can.ifExistsInAlter ? run : { ...run, text: run.text.replace(/ IF EXISTS /, ' ') }
}

function reparsed(statement: ParsedStatement, text: string): ParsedStatement {
  if (text === statement.text) return statement
  const [run] = parseStatements(text, statement.file, statement.line)
  return { ...run!, comments: statement.comments }
}
