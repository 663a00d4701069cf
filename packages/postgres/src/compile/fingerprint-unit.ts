import { fingerprint, isSqlFragment, type Operation, type Phase, renderSql } from '@phasegate/core'
import { compilerOf } from '../operations/compile-operation.js'
import { canonicalSql } from '../parse/tokens.js'
import { postgresQuoting } from '../quoting.js'
import type { AuthoredMigration, AuthoredStatement } from './authored-migration.js'

/**
 * Hash of what was authored in a unit: operations by name and arguments, builders by the SQL of the knex version that we
 * pin, raw SQL without comments and layout, functions by their version. What a server version makes of it does not
 * count, nor do `appUses`, the reason of an allow, the pace of a backfill, the name of the file.
 */
export function fingerprintUnit(migration: AuthoredMigration, phase: Phase): string {
  if (phase === 'backfill') return fingerprint({ phase, backfill: backfillData(migration) })
  const statements = (migration.phases[phase] ?? []).map((statement) => statementData(statement, migration.file))
  if (phase === 'contract') return fingerprint({ phase, statements })
  const sync = migration.sync.map(({ table, forward, backward }) => ({
    table,
    forward: expressions(forward, migration.file),
    backward: expressions(backward, migration.file),
  }))
  return fingerprint({ phase, statements, ...(sync.length === 0 ? {} : { sync }) })
}

function statementData(statement: AuthoredStatement, file: string): unknown {
  if (statement.kind === 'operation') return operationData(statement.operation, file)
  const sql = canonicalSql(statement.parsed.text, file)
  return statement.verbatim ? { sql, verbatim: true } : { sql }
}

function operationData(operation: Operation, file: string): unknown {
  if (operation.kind === 'run') return { kind: operation.kind, version: operation.version }
  if (operation.kind === 'createTable') {
    const texts = compilerOf(operation).compile(operation, { file, isNewTable: () => false })
    return { kind: operation.kind, sql: texts.map((text) => canonicalSql(text, file)) }
  }
  return plain(operation, file)
}

/** Arguments as data, with SQL fragments as their text. */
function plain(value: unknown, file: string): unknown {
  if (isSqlFragment(value)) return { sql: canonicalSql(renderSql(value, postgresQuoting), file) }
  if (Array.isArray(value)) return value.map((inner) => plain(inner, file))
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner, file)]))
}

function backfillData({ backfill, file }: AuthoredMigration): unknown {
  if (backfill === undefined) return null
  const { table, set, where, key, once } = backfill
  return {
    table,
    set: expressions(set, file),
    where: where === undefined ? undefined : canonicalSql(where, file),
    key,
    once,
  }
}

function expressions(list: readonly { readonly column: string; readonly expression: string }[], file: string): unknown {
  return Object.fromEntries(list.map(({ column, expression }) => [column, canonicalSql(expression, file)]))
}
