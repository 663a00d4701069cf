import type { Operation, RunFunction, TableName } from '../authoring/operation.js'
import type { Quoting } from '../authoring/sql.js'
import type { BackfillForm } from '../compiled/backfill-form.js'
import type { StepExecution } from '../compiled/compiled-migration.js'
import type { QualifiedName } from '../compiled/database-object.js'
import type { MadeObjects } from '../compiled/made-objects.js'
import type { Change, StatementFacts } from '../compiled/statement-facts.js'
import type { EngineName, EngineTask } from '../engine/engine-task.js'
import type { PhasegateError } from '../error/phasegate-error.js'
import type { Phase } from '../phase.js'

/** One token of a dialect's scanner. Positions are UTF-16 indexes into the text. */
export interface Token {
  readonly start: number
  readonly end: number
  readonly text: string
  readonly kind: 'word' | 'symbol' | 'line comment' | 'block comment'
  /** In capitals, where the token is an unquoted keyword: `SET`. */
  readonly keyword?: string
}

/** One statement of a file; a dialect's own statements carry its syntax tree beside this. */
export interface ParsedStatement {
  /** As written, without the semicolon and without comments before and after it. */
  readonly text: string
  readonly file: string
  /** Line of the file on which the statement begins. */
  readonly line: number
  /** The `--` comments above it and on its last line, without dashes. */
  readonly comments: readonly string[]
}

/** What an SQL expression reads. */
export interface ExpressionFacts {
  /** Columns that it names, each once; `*` for a whole row. Those inside a subquery count too. */
  readonly columns: readonly string[]
  /** Calls a function that is known to answer differently every time: `random()`, `uuid()`. */
  readonly volatile: boolean
  /** Reads the clock, so that tomorrow it differs from what was stored today: `now()`. */
  readonly perTransaction: boolean
  readonly hasSubquery: boolean
  /** A column that is written with its schema: `public.users.email`. */
  readonly schemaQualified: string | undefined
}

export interface Assignment {
  readonly column: string
  /** The expression as it was written. */
  readonly expression: string
}

/** A backfill that was written as one UPDATE or DELETE. Expressions and condition are the author's own text. */
export interface ParsedBackfill {
  readonly table: QualifiedName
  /** Undefined: an UPDATE. */
  readonly form?: BackfillForm
  readonly set: readonly Assignment[]
  readonly where?: string
  /** The whole statement. */
  readonly written: string
  readonly line: number
}

/** A column that a statement gives a default, an identity or a generated value. */
export interface GivenDefault {
  readonly table: string
  readonly column: string
}

/** A part of what a raw statement becomes: a safe operation, or a statement that runs as it stands here. */
export type Lifted = { readonly operation: Operation } | { readonly statement: string }

/** What becomes SQL; `run` is a function and stays one. */
export type SqlOperation = Exclude<Operation, RunFunction>

/** What an operation may know when it is compiled. Nothing of it comes from a database. */
export interface OperationContext {
  readonly file: string
  /** Was the table created earlier in this same unit, so that nobody uses it and it holds next to nothing? */
  isNewTable(table: QualifiedName): boolean
}

/** How to undo an operation, written so that undoing what never happened does nothing; or why it cannot be done. */
export type RevertPlan = { readonly statements: readonly string[] } | { readonly impossible: string }

/** One operation, one file. How each statement runs (transaction, timeouts, probe) is read from the statement later. */
export interface OperationCompiler<O extends SqlOperation> {
  /** The call as its author wrote it: `ops.setNotNull(users, email_verified)`. */
  describe(operation: O): string
  /** The statements that do not block, in order; each becomes a step of its own. */
  compile(operation: O, context: OperationContext): readonly string[]
  revert(operation: O): RevertPlan
}

export type OperationCompilers = {
  readonly [K in SqlOperation['kind']]: OperationCompiler<Extract<SqlOperation, { kind: K }>>
}

/** One call on a schema builder. */
export interface SchemaCall {
  readonly method: string
  readonly args: readonly unknown[]
}

/** How a dialect makes SQL of knex schema builders, which are compiled and never run. */
export interface SchemaLanguage {
  /** Loads knex (about 0.4 s), once. Before the others. */
  load(): Promise<void>
  /** Replays recorded calls on a fresh builder; values are written as literals. Throws `SCHEMA.*`. */
  compileCalls(calls: readonly SchemaCall[]): readonly string[]
  /** A schema builder of the author's own knex instance. Throws `SCHEMA.*` for one of another database. */
  compileForeign(builder: { toSQL(): unknown }): readonly string[]
}

/** What a sync's triggers need to know. Names are as the catalog holds them. */
export interface SyncPlan {
  readonly table: QualifiedName
  readonly forward: readonly SyncColumn[]
  readonly backward: readonly SyncColumn[]
  /** Unique to this sync, and at least 3 bytes shorter than the longest name. */
  readonly name: string
}

/** A column, what it becomes, and which columns that reads. */
export interface SyncColumn extends Assignment {
  readonly reads: readonly string[]
}

/** A statement of a sync; `facts` and `execution` where they are not to be read from its text. */
export interface SyncStatement {
  readonly text: string
  readonly facts?: StatementFacts
  readonly execution?: StepExecution
}

/** How a dialect keeps two shapes equal by triggers. */
export interface SyncLanguage {
  /** Columns that every row has and no trigger can read. */
  readonly systemColumns: ReadonlySet<string>
  /** The last steps of expand (a check of the expressions first), and the first of contract and revert. */
  compile(
    plan: SyncPlan,
    made: MadeObjects,
  ): {
    readonly create: readonly SyncStatement[]
    readonly drop: readonly SyncStatement[]
  }
}

/** A column whose writers are counted by triggers while old and new are in use. Names are as the catalog holds them. */
export interface WriterCount {
  readonly table: QualifiedName
  readonly column: string
  /** Which migration wants it; kept as the table's comment, so that `doctor` knows what is left over. */
  readonly migration: string
  /** Of the table that counts, and the beginning of the triggers' names; unique to this count. */
  readonly name: string
}

/**
 * SQL as one dialect writes and reads it: what the compiler of migration files (`core/compile`) asks. Pure: needs no
 * database, and answers for one server version. The errors carry the file and the line.
 */
export interface SqlLanguage<S extends ParsedStatement = ParsedStatement> {
  /** For messages: `PostgreSQL`. */
  readonly name: string
  readonly quoting: Quoting
  /** Engines that can take an ALTER TABLE of it. */
  readonly engines: readonly EngineName[]
  /** Longest name that we give something ourselves, in bytes. */
  readonly longestName: number
  readonly operations: OperationCompilers
  readonly schema: SchemaLanguage
  readonly sync: SyncLanguage
  /** Triggers that note who writes a column: the steps before those of sync in expand, and the first of contract. */
  countWriters(count: WriterCount): {
    readonly create: readonly SyncStatement[]
    readonly drop: readonly SyncStatement[]
  }
  /** How a function of the author's runs, of which nothing is known. */
  readonly functionExecution: StepExecution

  /** Loads what is large (a parser); before anything below. */
  load(): Promise<void>

  /** Throws `SQL.SYNTAX` where the text cannot be scanned, `SQL.CHARACTER` for what is no text (NUL, half a surrogate pair). */
  readTokens(text: string, file: string, firstLine?: number): readonly Token[]
  /** Throws `SQL.SYNTAX`, `SQL.EMPTY`, `SQL.STRAY_DIRECTIVE`, `SQL.CHARACTER`, … */
  parseStatements(text: string, file: string, firstLine?: number): readonly S[]
  /** Without comments and layout, for fingerprints: a reformatted file is the same file. */
  canonicalSql(text: string, file: string): string
  /** Do two statements say the same, whatever their layout, quotes and case of keywords? */
  sameStatement(a: S, b: S): boolean
  /** Throws `SQL.SYNTAX`; `SQL.EXPRESSION` where it is not exactly one expression. */
  readExpression(text: string, file: string, line?: number): ExpressionFacts

  /** Throws `SQL.TRANSACTION_CONTROL`, `SQL.SESSION`, `SQL.CLUSTER_WIDE`, `SQL.JOURNAL`, … for what no migration may hold. */
  refuseStatement(statement: S, phase: Phase | 'revert', file: string): void
  /** `made` holds what earlier statements of the file created; the caller records `changes` there afterwards. */
  readFacts(statement: S, made: MadeObjects): StatementFacts
  /** The safe form of a raw statement, in the order in which it runs; undefined where it stays as it was written. */
  lift(statement: S, made: MadeObjects): readonly Lifted[] | undefined
  /**
   * The statement as it runs, with what the server would otherwise choose by itself: a name for a concurrent index
   * (PostgreSQL), ALGORITHM and LOCK (MySQL). `verbatim`: the author wants it as it stands.
   */
  asItRuns(statement: S, made: MadeObjects, verbatim: boolean): S
  /** How a statement runs, read from the statement itself and never declared by hand. */
  executionOf(statement: S, facts: StatementFacts): StepExecution
  /** May it share a transaction with steps on objects of the same unit, where its facts allow that? */
  mayShareTransaction(statement: S): boolean
  /** Names of constraints and indexes that the statement itself gives. */
  namesGiven(statement: S): readonly string[]
  /** Every column that a CREATE TABLE or ALTER TABLE gives a value where an INSERT does not mention it. */
  givenDefaults(statement: S): readonly GivenDefault[]
  /** The table that a CREATE TABLE or ALTER TABLE is about; undefined for any other statement. */
  tableOf(statement: S): QualifiedName | undefined
  /**
   * Does DROP COLUMN take the indexes and constraints of the column along? Where it does not, a derived revert drops them
   * first.
   */
  readonly dropColumnTakesParts: boolean
  /** What takes away a created object, doing nothing where it was never created; undefined where that is not known. */
  dropOf(change: Change): string | undefined
  /** A change of one table as an engine would take it; undefined for everything else. Absent: this kind of server has no engine. */
  engineTask?(statement: S): Omit<EngineTask, 'wanted'> | undefined
  /** `OPERATION.UNSUPPORTED` for an `ops.alterTable` that would rewrite the table while others wait. */
  refuseRewrite(call: string): PhasegateError

  /** Takes `UPDATE … SET … [WHERE …]` or `DELETE FROM … WHERE …` apart. Throws `BACKFILL.UNBATCHABLE`. */
  parseBackfill(statement: S, file: string): ParsedBackfill
  /**
   * Reads `a = …, b = …`. `refuse` makes the error for what has no single expression; without a `next` it says how such a
   * line is written.
   */
  parseAssignments(
    text: string,
    file: string,
    line: number,
    refuse: (reason: string, next?: string) => PhasegateError,
  ): readonly Assignment[]
  /** One name as a header writes it, in quotes or without: `"Id"`. Not checked. */
  readName(written: string): string
  /**
   * The same for every way to write one column, so that `Email` and `email` are told apart where the server does that. For
   * comparing only.
   */
  columnKey(name: string): string
  /** Reads `users` or `billing.invoice`; undefined where the text is not one table name. */
  parseTableName(text: string, file: string, line: number): QualifiedName | undefined
}

/** `billing.invoice`, for messages and lock lists. */
export function displayName({ schema, name }: QualifiedName): string {
  return schema === undefined ? name : `${schema}.${name}`
}

/** As the author of an operation names a table. */
export function tableNameOf({ schema, name }: QualifiedName): TableName {
  return schema === undefined ? name : { schema, table: name }
}
