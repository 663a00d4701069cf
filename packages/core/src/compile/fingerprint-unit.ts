import type { Operation } from '../authoring/operation.js'
import { isSqlFragment, renderSql } from '../authoring/sql.js'
import type { BackfillForm } from '../compiled/backfill-form.js'
import { compilerOf } from '../operations/compiler-of.js'
import type { Phase } from '../phase.js'
import { fingerprint } from '../plan/fingerprint.js'
import type { Assignment, ParsedStatement, SqlLanguage } from '../ports/sql-language.js'
import type { AuthoredBackfill, AuthoredMigration, AuthoredStatement } from './authored-migration.js'

/**
 * Hash of what was authored in a unit: operations by name and arguments, builders by the SQL of the knex version that we
 * pin, raw SQL without comments and layout, functions by their version. What a server version makes of it does not
 * count, nor do `appUses`, the reason of an allow, the pace of a backfill, the name of the file.
 */
export function fingerprintUnit<S extends ParsedStatement>(
  migration: AuthoredMigration<S>,
  phase: Phase,
  language: SqlLanguage<S>,
): string {
  const from = { file: migration.file, language }
  if (phase === 'backfill') return fingerprint({ phase, backfill: backfillData(migration.backfill, from) })
  const statements = (migration.phases[phase] ?? []).map((statement) => statementData(statement, from))
  if (phase === 'contract') return fingerprint({ phase, statements })
  const sync = migration.sync.map(({ table, forward, backward }) => ({
    table,
    forward: expressions(forward, from),
    backward: expressions(backward, from),
  }))
  const counts = migration.countWriters.map(({ table, column }) => ({ table, column }))
  return fingerprint({
    phase,
    statements,
    ...(sync.length === 0 ? {} : { sync }),
    ...(counts.length === 0 ? {} : { counts }),
  })
}

/** Where SQL comes from: for its errors, and how it is read. */
interface Source {
  readonly file: string
  readonly language: Pick<SqlLanguage, 'name' | 'quoting' | 'operations' | 'canonicalSql'>
}

function statementData<S extends ParsedStatement>(statement: AuthoredStatement<S>, from: Source): unknown {
  if (statement.kind === 'operation') return operationData(statement.operation, from)
  const sql = canonical(statement.parsed.text, from)
  return statement.verbatim ? { sql, verbatim: true } : { sql }
}

function operationData(operation: Operation, from: Source): unknown {
  if (operation.kind === 'run') return { kind: operation.kind, version: operation.version }
  if (operation.kind === 'createTable') {
    const compiler = compilerOf(operation, from.language)
    const texts = compiler.compile(operation, { file: from.file, isNewTable: () => false })
    return { kind: operation.kind, sql: texts.map((text) => canonical(text, from)) }
  }
  return plain(operation, from)
}

/** Arguments as data, with SQL fragments as their text. */
function plain(value: unknown, from: Source): unknown {
  if (isSqlFragment(value)) return { sql: canonical(renderSql(value, from.language.quoting), from) }
  if (Array.isArray(value)) return value.map((inner) => plain(inner, from))
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner, from)]))
}

function backfillData(backfill: AuthoredBackfill | undefined, from: Source): unknown {
  if (backfill === undefined) return null
  const { table, form, set, where, key, once } = backfill
  return {
    table,
    ...(form === undefined ? {} : { form: formData(form, from) }),
    set: expressions(set, from),
    where: where === undefined ? undefined : canonical(where, from),
    // As it was when a key had one column only, or a new release would see drift in old files.
    key: key?.length === 1 ? key[0] : key,
    once,
  }
}

/** A function counts by its version. */
function formData(form: BackfillForm, from: Source): unknown {
  if (form.kind === 'copy') return { ...form, select: expressions(form.select, from) }
  if (form.kind === 'delete') return form
  const { kind, select, set, version, deterministic } = form
  return { kind, select, set, version, deterministic }
}

function expressions(list: readonly Assignment[], from: Source): unknown {
  return Object.fromEntries(list.map(({ column, expression }) => [column, canonical(expression, from)]))
}

function canonical(text: string, { file, language }: Source): string {
  return language.canonicalSql(text, file)
}
