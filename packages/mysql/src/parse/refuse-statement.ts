import { EXIT, isComment, type Phase, PhasegateError } from '@phasegate/core'
import { JOURNAL_TABLES } from '../sql/journal-tables.js'
import { loadData } from './sql-errors.js'
import type { ParsedStatement } from './statement-tree.js'
import { nameOf, readTokens, type Token, wordOf } from './tokens.js'

interface Refusal {
  readonly code: string
  readonly why: string
  readonly next: string
}

const transaction = (next: string): Refusal => ({
  code: 'SQL.TRANSACTION_CONTROL',
  why: 'Each step runs by itself and is journalled before and after, so that a failure leaves no doubt.',
  next,
})

const session = (next: string): Refusal => ({
  code: 'SQL.SESSION',
  why: 'A session belongs to the runner, and a resumed run has another one.',
  next,
})

const server = (next: string): Refusal => ({
  code: 'SQL.CLUSTER_WIDE',
  why: 'It changes the whole server, and no journal of one database can say whether it was done.',
  next,
})

const OUTSIDE = 'Do it outside of migrations.'
const SETTING = transaction('Leave it out: timeouts, SQL mode and time zone are set for each step.')
const GLOBAL_SETTING = server('Change the server configuration outside of migrations.')
const DATABASE = server('Create, change or drop the database outside of migrations.')
const ACCOUNT = server('Create, change or drop accounts and roles outside of migrations.')
const REPLICATION = server('Set up replication outside of migrations.')

/** The beginnings of statements that no migration may hold; the first that fits counts. */
const REFUSED: readonly (readonly [words: string, refusal: Refusal])[] = [
  ['BEGIN', transaction('Leave it out: what may share a transaction is derived from the statements.')],
  ['START TRANSACTION', transaction('Leave it out: what may share a transaction is derived from the statements.')],
  ['COMMIT', transaction('Leave it out.')],
  ['ROLLBACK', transaction('Leave it out.')],
  ['SAVEPOINT', transaction('Leave it out.')],
  ['RELEASE', transaction('Leave it out.')],
  ['XA', transaction('Leave it out.')],
  ['LOCK', transaction('Leave it out: each statement takes the lock it needs, under a timeout and with retries.')],
  ['UNLOCK', transaction('Leave it out.')],
  ['SET GLOBAL', GLOBAL_SETTING],
  ['SET PERSIST', GLOBAL_SETTING],
  ['SET PERSIST_ONLY', GLOBAL_SETTING],
  ['SET PASSWORD', ACCOUNT],
  ['SET DEFAULT ROLE', ACCOUNT],
  ['SET RESOURCE', server(OUTSIDE)],
  ['SET', SETTING],
  ['PREPARE', session('Write the statement itself.')],
  ['EXECUTE', session('Write the statement itself.')],
  ['DEALLOCATE', session('Leave it out.')],
  ['DROP PREPARE', session('Leave it out.')],
  ['USE', session('Write the database before the name of the table, or make it the database of the URL.')],
  ['HANDLER', session('Use a backfill, which walks the table in batches.')],
  ['KILL', session('Ending other sessions is a choice of the operator, not of a migration.')],
  ['CREATE TEMPORARY', session('Use a WITH query, or a real table that a later statement drops.')],
  ['CREATE OR REPLACE TEMPORARY', session('Use a WITH query, or a real table that a later statement drops.')],
  ['DROP TEMPORARY', session('Drop the real table, without TEMPORARY.')],
  ...['CREATE', 'ALTER', 'DROP', 'CREATE OR REPLACE'].flatMap((verb): (readonly [string, Refusal])[] => [
    [`${verb} DATABASE`, DATABASE],
    [`${verb} SCHEMA`, DATABASE],
    [`${verb} USER`, ACCOUNT],
    [`${verb} ROLE`, ACCOUNT],
    [`${verb} TABLESPACE`, server('Create, change or drop the tablespace outside of migrations.')],
    [`${verb} UNDO`, server('Create, change or drop the tablespace outside of migrations.')],
    [`${verb} LOGFILE`, server(OUTSIDE)],
    [`${verb} SERVER`, server(OUTSIDE)],
    [`${verb} RESOURCE`, server(OUTSIDE)],
    [`${verb} SPATIAL REFERENCE`, server(OUTSIDE)],
    [`${verb} INSTANCE`, server(OUTSIDE)],
    [`${verb} FUNCTION`, server('Loading code into the server is a choice of its operator.')],
  ]),
  ['RENAME USER', ACCOUNT],
  ['FLUSH', server('Leave it out.')],
  ['RESET', server('Leave it out.')],
  ['PURGE', server('Leave it out.')],
  ['INSTALL', server('Install plugins and components outside of migrations.')],
  ['UNINSTALL', server('Install plugins and components outside of migrations.')],
  ['CHANGE', REPLICATION],
  ['START', REPLICATION],
  ['STOP', REPLICATION],
  ['SHUTDOWN', server('Leave it out.')],
  ['RESTART', server('Leave it out.')],
  ['CLONE', server(OUTSIDE)],
  ['BINLOG', server(OUTSIDE)],
  ['CACHE', server('Leave it out.')],
]

/** Functions that do what such statements do. */
const REFUSED_FUNCTIONS: Readonly<Record<string, Refusal>> = {
  GET_LOCK: session('Leave it out: the runner holds the lock of its lane.'),
  RELEASE_LOCK: session('Leave it out: the runner holds the lock of its lane.'),
  RELEASE_ALL_LOCKS: session('Leave it out: it would free the lock of the runner.'),
}

/** Statements whose variables are those of the session; a routine has a session of its own, and `'a'@'b'` is an account. */
const READS_SESSION = ['select', 'insert', 'replace', 'update', 'delete', 'alter table', 'create table']

/**
 * Refuses what a migration must not hold, before anything is executed.
 *
 * @throws `SQL.TRANSACTION_CONTROL`, `SQL.SESSION`, `SQL.CLUSTER_WIDE`, `SQL.LOAD_DATA`, `SQL.JOURNAL`
 */
export function refuseStatement(statement: ParsedStatement, phase: Phase | 'revert', file: string): void {
  const where = { file, line: statement.line }
  const tokens = readTokens(statement.text, file, statement.line).filter((token) => !isComment(token))
  if (begins(tokens, 'LOAD DATA') || begins(tokens, 'LOAD XML')) throw loadData(where)
  const refusal = refusedBeginning(tokens) ?? refusedPart(statement, tokens)
  if (refusal !== undefined) throw refused(statement, phase, refusal, where)
  const journal = tokens.map(nameOf).find((name) => name !== undefined && isJournalTable(name))
  if (journal === undefined) return
  throw new PhasegateError({
    code: 'SQL.JOURNAL',
    message: `${summary(statement)} touches the table ${journal}.`,
    why: 'It belongs to the journal, which the runner alone creates and writes.',
    next: ['Leave it out; the verbs of phasegate change the journal.'],
    where,
    exit: EXIT.usage,
  })
}

function begins(tokens: readonly Token[], words: string): boolean {
  return words.split(' ').every((word, index) => wordOf(tokens[index]) === word)
}

function refusedBeginning(tokens: readonly Token[]): Refusal | undefined {
  // `SET @@global.max_connections = 1`
  if (begins(tokens, 'SET') && /^@@(global|persist|persist_only)\./i.test(tokens[1]?.text ?? '')) return GLOBAL_SETTING
  const found = REFUSED.find(([words]) => begins(tokens, words))
  // CREATE FUNCTION … SONAME loads a library; the other kind is SQL.
  const loads = tokens.some((token) => wordOf(token) === 'SONAME')
  return found?.[0].endsWith(' FUNCTION') === true && !loads ? undefined : found?.[1]
}

function refusedPart({ node }: ParsedStatement, tokens: readonly Token[]): Refusal | undefined {
  if (!READS_SESSION.includes(node.kind) && !begins(tokens, 'CALL') && !begins(tokens, 'DO')) return undefined
  const isUserVariable = ({ what, text }: Token): boolean => what === 'variable' && !text.startsWith('@@')
  if (tokens.some(isUserVariable)) return session('Write the value itself, or a subquery.')
  const intoFile = tokens.some((token, index) => wordOf(token) === 'INTO' && isFile(tokens[index + 1]))
  if (intoFile) return session('Use SELECT from a client; a migration has nobody to send rows to.')
  for (const [index, token] of tokens.entries()) {
    const word = wordOf(token) ?? ''
    const called = tokens[index + 1]?.text === '('
    if (called && Object.hasOwn(REFUSED_FUNCTIONS, word)) return REFUSED_FUNCTIONS[word]
  }
  return undefined
}

function isFile(token: Token | undefined): boolean {
  return wordOf(token) === 'OUTFILE' || wordOf(token) === 'DUMPFILE'
}

/** Names of tables differ in case on some systems and not on others. */
function isJournalTable(name: string): boolean {
  return JOURNAL_TABLES.some((table) => table.toLowerCase() === name.toLowerCase())
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
