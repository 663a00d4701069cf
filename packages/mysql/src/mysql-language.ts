import type { SqlLanguage } from '@phasegate/core'
import { dropOf } from './compile/drop-of.js'
import { givenDefaults } from './compile/given-defaults.js'
import { namesGiven } from './compile/names-given.js'
import { sameStatement } from './compile/same-statement.js'
import { FUNCTION_EXECUTION, stepExecution } from './compile/step-execution.js'
import { tableOf } from './compile/table-of.js'
import { engineTask } from './engine/engine-task.js'
import { MYSQL_ENGINES } from './engine/mysql-engines.js'
import { refuseRewrite } from './operations/alter-table.js'
import { mysqlOperations } from './operations/mysql-operations.js'
import { asItRuns } from './parse/as-it-runs.js'
import { lift } from './parse/lift.js'
import { parseAssignments } from './parse/parse-assignments.js'
import { parseBackfill } from './parse/parse-backfill.js'
import { type ParsedStatement, parseStatements } from './parse/parse-statements.js'
import { parseTableName } from './parse/parse-table-name.js'
import { readExpression } from './parse/read-expression.js'
import { readFacts } from './parse/read-facts.js'
import { refuseStatement } from './parse/refuse-statement.js'
import { canonicalSql, readTokens } from './parse/tokens.js'
import { MAX_IDENTIFIER_LENGTH, mysqlQuoting } from './quoting.js'
import { mysqlSchema } from './schema/compile-schema.js'
import { capabilitiesOf } from './server/capabilities.js'
import type { MysqlServer } from './server/mysql-server.js'
import { mysqlSync } from './sync/compile-sync.js'
import { countWriters } from './writers/count-writers.js'

const NAMES = { mysql: 'MySQL', mariadb: 'MariaDB' } as const

/** SQL as one server writes and reads it: what runs without blocking depends on its flavour and version. */
export function mysqlLanguage(server: MysqlServer): SqlLanguage<ParsedStatement> {
  const can = capabilitiesOf(server)
  return {
    name: NAMES[server.flavour],
    quoting: mysqlQuoting,
    engines: MYSQL_ENGINES,
    longestName: MAX_IDENTIFIER_LENGTH,
    operations: mysqlOperations(can),
    schema: mysqlSchema,
    sync: mysqlSync,
    countWriters,
    functionExecution: FUNCTION_EXECUTION,
    // The parser is small and our own.
    load: async () => {},
    readTokens,
    parseStatements,
    canonicalSql,
    sameStatement,
    readExpression,
    refuseStatement,
    readFacts: (statement, made) => readFacts(statement, made, can),
    lift: (statement, made) => lift(statement, made, can),
    asItRuns: (statement, made, verbatim) => asItRuns(statement, made, verbatim, can),
    engineTask: (statement) => engineTask(statement, can),
    executionOf: (statement, facts) => stepExecution(statement, facts, can),
    // DDL commits by itself, so there is nothing that a transaction could hold together but rows.
    mayShareTransaction: () => true,
    namesGiven,
    givenDefaults,
    tableOf,
    // MySQL drops a column by INSTANT only where no index holds it, and not at all where a foreign key or check does.
    dropColumnTakesParts: false,
    dropOf,
    refuseRewrite,
    parseBackfill: (statement, file) => parseBackfill(statement, file, can),
    parseAssignments,
    readName,
    // MySQL Reference Manual, "Identifier Case Sensitivity": column names are the same in any case, on every platform.
    columnKey: (name) => name.toLowerCase(),
    parseTableName,
  }
}

/** As it is in backticks and without. */
function readName(written: string): string {
  return written.startsWith('`') ? written.slice(1, -1).replaceAll('``', '`') : written
}
