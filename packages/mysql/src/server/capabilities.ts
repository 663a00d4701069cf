import { isAtLeast, type MysqlServer } from './mysql-server.js'

/**
 * What a server can do, asked instead of its name. Facts: MySQL Reference Manual, "Online DDL Operations"; MariaDB
 * documentation, "InnoDB Online DDL"; measured on MySQL 9.7.4, MariaDB 10.11.19 and 11.8.6.
 */
export interface Capabilities {
  /** INSTANT is dependable at all: MySQL 8.0.29 to 8.0.31 wrote redo that a recovery could not read. */
  readonly instant: boolean
  /** ADD COLUMN at any place by INSTANT; before that, as the last one only. */
  readonly instantAnywhere: boolean
  /** DROP COLUMN by INSTANT (never of an indexed column). */
  readonly instantDropColumn: boolean
  /** RENAME COLUMN by INSTANT; else in place. */
  readonly instantRenameColumn: boolean
  /** An expression as the default of a new column, by INSTANT. */
  readonly instantExpressionDefault: boolean
  /** A new column with an inline CHECK, by INSTANT. */
  readonly instantCheckedColumn: boolean
  /** `REFERENCES` beside a column makes a foreign key; MySQL before 9.0 ignores it without a word. */
  readonly inlineReferences: boolean
  /** An UPDATE may read its own table in a subquery (MySQL: error 1093). */
  readonly updateReadsItself: boolean
  /** RENAME INDEX, table options, DROP FOREIGN KEY by INSTANT; else in place. */
  readonly instantNames: boolean
  /** An index on an expression (`((lower(email)))`). */
  readonly expressionIndex: boolean
  /** How an index is built beside traffic: `INPLACE`, or MariaDB's stricter `NOCOPY`. */
  readonly indexAlgorithm: 'INPLACE' | 'NOCOPY'
  /** `LOCK=NONE` may stand beside `ALGORITHM=INSTANT` (MySQL: error 1221). */
  readonly lockBesideInstant: boolean
  /** DROP CHECK, which drops a check and nothing else; MariaDB has DROP CONSTRAINT alone. */
  readonly dropCheck: boolean
  /** A copy of the table beside writers (`ALGORITHM=COPY, LOCK=NONE`). */
  readonly copyBesideTraffic: boolean
  /** Instant changes that a table takes before it must be rebuilt; undefined: no limit. */
  readonly rowVersions: number | undefined
  /** `information_schema.metadata_lock_info` may be there (a plugin), and performance_schema is off by default. */
  readonly locksByPlugin: boolean
  /** Digests have prepared statements under the text that was prepared. Measured on MySQL 9.7.4; MariaDB 10.11.19 has none. */
  readonly digestsPrepared: boolean
  /** `max_statement_time` (seconds) ends DDL too; else a client must kill the query. */
  readonly statementTimeout: boolean
  /** `innodb_lock_wait_timeout = 0`: a statement fails where it would wait for a row (MySQL: at least 1 s). */
  readonly failsInsteadOfWaiting: boolean
  /** A list of rows is written `VALUES ROW(1), ROW(2)`; else `VALUES (1), (2)`. */
  readonly rowInValues: boolean
  /** The sizes that information_schema tells are kept for a day (`information_schema_stats_expiry`). */
  readonly cachedTableStatistics: boolean
  /** InnoDB lists its tables (`innodb_sys_tables`, names as of files) without waiting for their locks; else its tablespaces. */
  readonly tablesAreListed: boolean
  /** `explain_format` is there (MySQL 8.0.32); its default is another one from 9.7 on. */
  readonly explainFormat: boolean
  /** `SHOW MASTER STATUS` and its kin are gone (MySQL 8.4 Release Notes). */
  readonly oldWordsGone: boolean
  /** The variable `transaction_isolation` is there (MariaDB 11.1; before, `tx_isolation`). */
  readonly isolationVariable: boolean
  /** SHOW CREATE TABLE says `DEFAULT NULL` and the like where no default was given (measured on MariaDB 10.11.19). */
  readonly defaultsSpelledOut: boolean
  /** `DROP TABLE a, b` is atomic, DROP … IF EXISTS of columns and indexes is not in the grammar. */
  readonly ifExistsInAlter: boolean
}

export function capabilitiesOf(server: MysqlServer): Capabilities {
  const maria = server.flavour === 'mariadb'
  const since = (...version: readonly [number, number, number]): boolean => !maria && isAtLeast(server, ...version)
  const instant = maria || isAtLeast(server, 8, 0, 32) || !isAtLeast(server, 8, 0, 29)
  return {
    instant,
    instantAnywhere: maria || since(8, 0, 32),
    instantDropColumn: maria || since(8, 0, 32),
    instantRenameColumn: maria || (instant && since(8, 0, 28)),
    instantExpressionDefault: maria,
    instantCheckedColumn: maria,
    inlineReferences: maria || since(9, 0, 0),
    updateReadsItself: maria,
    instantNames: maria,
    expressionIndex: !maria,
    indexAlgorithm: maria ? 'NOCOPY' : 'INPLACE',
    lockBesideInstant: maria,
    dropCheck: !maria,
    copyBesideTraffic: maria && isAtLeast(server, 11, 2, 0),
    rowVersions: maria ? undefined : since(9, 1, 0) ? 255 : since(8, 0, 29) ? 64 : undefined,
    locksByPlugin: maria,
    digestsPrepared: since(9, 0, 0),
    statementTimeout: maria,
    failsInsteadOfWaiting: maria,
    rowInValues: !maria,
    cachedTableStatistics: !maria,
    tablesAreListed: maria,
    explainFormat: since(8, 0, 32),
    oldWordsGone: since(8, 4, 0),
    isolationVariable: !maria || isAtLeast(server, 11, 1, 1),
    defaultsSpelledOut: maria,
    ifExistsInAlter: maria,
  }
}
