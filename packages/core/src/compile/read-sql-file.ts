import type { QualifiedName } from '../compiled/database-object.js'
import { quoteTable } from '../operations/table-reference.js'
import { allowsOf, isVerbatim } from '../parse/directives.js'
import type { LoadedMigration } from '../ports/dialect.js'
import { type ParsedStatement, type SqlLanguage, tableNameOf } from '../ports/sql-language.js'
import type { RepackLine } from '../sql-file/read-repack.js'
import { readSqlMigration, type SqlMigration, type SqlSection } from '../sql-file/read-sql-migration.js'
import { badSync } from '../sync/sync-errors.js'
import type { AuthoredSync } from '../sync/sync-plan.js'
import type { AuthoredBackfill, AuthoredMigration, AuthoredStatement } from './authored-migration.js'
import { duplicateAllow } from './duplicate-allow.js'
import { migrationError } from './migration-errors.js'
import { readCountWriters } from './read-count-writers.js'

type SqlFile = LoadedMigration & { readonly format: 'sql' }

/**
 * Reads an SQL migration: its headers, and each phase's statements.
 *
 * @throws the codes `MIGRATION.*`, `SQL.*`, `BACKFILL.*`, `SYNC.TABLE`, with file and line
 */
export function readSqlFile<S extends ParsedStatement>(
  { name, file, text }: SqlFile,
  language: SqlLanguage<S>,
): AuthoredMigration<S> {
  const migration = readSqlMigration(text, file, language)
  const { expand, backfill, contract, revert } = migration.phases
  const phases = {
    ...(expand === undefined ? {} : { expand: statements(expand, file, language) }),
    ...(contract === undefined
      ? {}
      : { contract: [...statements(contract, file, language), ...migration.repack.map(repackStatement<S>)] }),
    ...(revert === undefined ? {} : { revert: statements(revert, file, language) }),
  }
  const filled = backfill === undefined ? undefined : readBatches(backfill, migration, file, language)
  return {
    name,
    file,
    format: 'sql',
    appUses: migration.appUses,
    applications: migration.applications,
    phases,
    sync: readSqlSync(migration, filled, phases.expand ?? [], file, language),
    countWriters: readCountWriters(migration.countWriters?.columns, migration.countWriters?.where ?? { file }),
    backfill: filled,
    engine: migration.engine,
    gates: {},
  }
}

function statements<S extends ParsedStatement>(
  { text, line }: SqlSection,
  file: string,
  language: SqlLanguage<S>,
): readonly AuthoredStatement<S>[] {
  return language.parseStatements(text, file, line).map((parsed) => {
    const where = { file, line: parsed.line }
    const allows = allowsOf(parsed)
    const twice = allows.find(({ rule }, index) => allows.findIndex((allow) => allow.rule === rule) < index)
    if (twice !== undefined) throw duplicateAllow(twice.rule, '', where)
    return { kind: 'sql', parsed, verbatim: isVerbatim(parsed), origin: 'written', allows, where, inside: undefined }
  })
}

function repackStatement<S extends ParsedStatement>({ table, where }: RepackLine): AuthoredStatement<S> {
  const operation = { kind: 'repack', table: tableNameOf(table) } as const
  return { kind: 'operation', operation, allows: [], where, inside: undefined }
}

/** Undefined for an empty section, which the check for an untouched template reports. */
function readBatches<S extends ParsedStatement>(
  { text, line }: SqlSection,
  { batch, only, throttle }: SqlMigration,
  file: string,
  language: SqlLanguage<S>,
): AuthoredBackfill | undefined {
  const [statement, second] = language.parseStatements(text, file, line)
  if (statement === undefined) return undefined
  if (second !== undefined) {
    throw migrationError('BACKFILL.STATEMENTS', 'A backfill is one statement.', { file, line: second.line }, [
      'Set all columns of the table in one UPDATE; put another table into a migration of its own.',
    ])
  }
  const { table, form, set, where, written } = language.parseBackfill(statement, file)
  return {
    table,
    ...(form === undefined ? {} : { form }),
    set,
    ...(where === undefined ? {} : { where }),
    ...(batch?.key === undefined ? {} : { key: batch.key }),
    ...(batch?.size === undefined ? {} : { size: batch.size }),
    ...(batch?.time === undefined ? {} : { time: batch.time }),
    ...(batch?.quarantine === undefined ? {} : { quarantine: batch.quarantine }),
    ...(only === undefined ? {} : { only }),
    ...(throttle === undefined ? {} : { throttle }),
    once: batch?.once ?? false,
    written,
    location: { file, line: statement.line },
  }
}

/** Headers that name no table mean the one that the backfill fills, else the only one that expand changes. */
function readSqlSync<S extends ParsedStatement>(
  migration: SqlMigration,
  backfill: AuthoredBackfill | undefined,
  expand: readonly AuthoredStatement<S>[],
  file: string,
  language: SqlLanguage<S>,
): readonly AuthoredSync[] {
  return migration.sync.map(({ table, forward, backward, line }) => {
    const where = { file, line }
    return {
      table: table ?? backfill?.table ?? onlyTable(expand, where, language),
      forward: list(forward),
      backward: list(backward),
      where,
    }
  })
}

function list(columns: Readonly<Record<string, string>>): AuthoredSync['forward'] {
  return Object.entries(columns).map(([column, expression]) => ({ column, expression: expression.trim() }))
}

function onlyTable<S extends ParsedStatement>(
  expand: readonly AuthoredStatement<S>[],
  where: AuthoredSync['where'],
  language: SqlLanguage<S>,
): QualifiedName {
  const tables = new Map<string, QualifiedName>()
  for (const statement of expand) {
    if (statement.kind !== 'sql') continue
    const table = language.tableOf(statement.parsed)
    if (table !== undefined) tables.set(quoteTable(table, language.quoting), table)
  }
  const [only] = tables.values()
  if (only !== undefined && tables.size === 1) return only
  throw badSync(
    'SYNC.TABLE',
    `sync does not say which table it is about${tables.size === 0 ? '' : `: ${[...tables.keys()].join(' or ')}`}.`,
    undefined,
    ['Write -- sync on users: forward …'],
    where,
  )
}
