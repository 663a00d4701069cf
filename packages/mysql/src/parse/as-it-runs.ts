import { isComment, type MadeObjects } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import type { Capabilities } from '../server/capabilities.js'
import { combinedWork, dropIndexWork, indexWork } from './clause-work.js'
import { indexName } from './index-names.js'
import { onlineClause } from './online-clause.js'
import { parseStatements } from './parse-statements.js'
import { unknownClause } from './sql-errors.js'
import type { AlterClause, AlterTable, OnlineOptions, ParsedStatement, StatementNode } from './statement-tree.js'
import { readTokens } from './tokens.js'

type NodeOf<K extends StatementNode['kind']> = Extract<StatementNode, { kind: K }>

/**
 * The statement as it runs: with a name for an index that has none, and with the ALGORITHM and LOCK that make the server
 * refuse instead of blocking, where the author names neither. What would copy the table while writers wait stays as it is,
 * for the safety check to judge.
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
  const work = combinedWork(node.clauses, can)
  const fits = !asWritten && hasNone(node.online) && node.clauses.every(takesOptions)
  const options = fits ? onlineClause(work, can) : undefined
  const text = [named, ...(options ?? [])].join(', ')
  const run = reparsed(statement, text)
  if (verbatim || can.ifExistsInAlter || run.node.kind !== 'alter table') return run
  const shorter = run.node.clauses.reduce(
    (whole, clause) => whole.replace(clause.text, () => withoutIfExists(clause)),
    text,
  )
  return { ...run, text: shorter }
}

function hasNone({ algorithm, lock }: OnlineOptions): boolean {
  return algorithm === undefined && lock === undefined
}

/** Partition clauses stand at the end, and take ALGORITHM and LOCK in front of them at most; what is unknown is not guessed. */
function takesOptions({ kind }: AlterClause): boolean {
  return kind !== 'partition' && kind !== 'change column'
}

/** The same text, with a name in each clause that adds an index without one. */
function withIndexNames(statement: ParsedStatement, { table, clauses }: AlterTable): string {
  return clauses.reduce((text, clause) => {
    if (clause.kind !== 'add index' || clause.index.name !== undefined) return text
    const tokens = readTokens(clause.text, statement.file).filter((token) => !isComment(token))
    const before = tokens.find(({ text: word }) => /^(\(|using|type)$/i.test(word))!.start
    const name = quoteName(indexName(table, clause.index))
    return text.replace(
      clause.text,
      () => `${clause.text.slice(0, before).trimEnd()} ${name} ${clause.text.slice(before)}`,
    )
  }, statement.text)
}

function withoutIfExists(clause: AlterClause): string {
  const drops = 'ifExists' in clause && clause.ifExists
  return drops ? clause.text.replace(/\bif\s+exists\s+/i, '') : clause.text
}

function createIndexAsItRuns(
  statement: ParsedStatement,
  node: NodeOf<'create index'>,
  onNew: boolean,
  can: Capabilities,
): ParsedStatement {
  const tokens = readTokens(statement.text, statement.file).filter((token) => !isComment(token))
  const before = tokens.find(({ text }) => /^(on|using|type)$/i.test(text))!.start
  const { text } = statement
  const named =
    node.index.name === undefined
      ? `${text.slice(0, before)}${quoteName(indexName(node.table, node.index))} ${text.slice(before)}`
      : text
  const options = onNew || !hasNone(node.online) ? undefined : onlineClause(indexWork(node.index), can)
  return reparsed(statement, [named, ...(options ?? [])].join(' '))
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
