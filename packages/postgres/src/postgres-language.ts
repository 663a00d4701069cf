import type { SqlLanguage } from '@phasegate/core'
import { namedConcurrentIndex } from './compile/concurrent-index.js'
import { dropOf } from './compile/drop-of.js'
import { givenDefaults } from './compile/given-defaults.js'
import { namesGiven } from './compile/names-given.js'
import { sameStatement } from './compile/same-statement.js'
import { stepExecution } from './compile/step-execution.js'
import { tableOf } from './compile/table-of.js'
import { refuseRewrite } from './operations/alter-table.js'
import { postgresOperations } from './operations/postgres-operations.js'
import { lift } from './parse/lift.js'
import { parseAssignments } from './parse/parse-assignments.js'
import { parseBackfill } from './parse/parse-backfill.js'
import { type ParsedStatement, parseStatements } from './parse/parse-statements.js'
import { parseTableName } from './parse/parse-table-name.js'
import { loadParser } from './parse/parser.js'
import { readExpression } from './parse/read-expression.js'
import { readFacts } from './parse/read-facts.js'
import { refuseStatement } from './parse/refuse-statement.js'
import { canonicalSql, readTokens } from './parse/tokens.js'
import { MAX_IDENTIFIER_BYTES, postgresQuoting } from './quoting.js'
import { compileForeignBuilder, compileSchemaCalls, loadKnex } from './schema/compile-schema.js'
import { postgresSync } from './sync/compile-sync.js'
import { countWriters } from './writers/count-writers.js'

/** SQL as PostgreSQL 14 to 18 write and read it; what is compiled is the same for all of them. */
export const postgresLanguage: SqlLanguage<ParsedStatement> = {
  name: 'PostgreSQL',
  quoting: postgresQuoting,
  engines: [],
  longestName: MAX_IDENTIFIER_BYTES,
  operations: postgresOperations,
  schema: { load: loadKnex, compileCalls: compileSchemaCalls, compileForeign: compileForeignBuilder },
  sync: postgresSync,
  countWriters,
  functionExecution: { mode: 'transaction', timeouts: 'online' },
  load: loadParser,
  readTokens,
  parseStatements,
  canonicalSql,
  sameStatement,
  readExpression,
  refuseStatement,
  readFacts,
  lift,
  asItRuns: withIndexName,
  executionOf: stepExecution,
  // A new enum value can be used only after its transaction (55P04).
  mayShareTransaction: ({ node }) => !('AlterEnumStmt' in node),
  namesGiven,
  givenDefaults,
  tableOf,
  dropColumnTakesParts: true,
  dropOf,
  refuseRewrite,
  parseBackfill,
  parseAssignments,
  readName,
  // Names are folded when they are read.
  columnKey: (name) => name,
  parseTableName,
}

function withIndexName(statement: ParsedStatement): ParsedStatement {
  const text = namedConcurrentIndex(statement)
  return text === statement.text ? statement : parseStatements(text, statement.file, statement.line)[0]!
}

/** As it is in quotes, in small letters without. */
function readName(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written.toLowerCase()
}
