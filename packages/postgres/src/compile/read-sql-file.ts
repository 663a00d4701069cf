import type { LoadedMigration } from '@phasegate/core'
import { tableText } from '../operations/table-reference.js'
import { parseBackfillUpdate } from '../parse/parse-backfill.js'
import { parseStatements } from '../parse/parse-statements.js'
import { readSqlMigration, type SqlMigration } from '../sql-file/read-sql-migration.js'
import { badSync } from '../sync/sync-errors.js'
import type { AuthoredSync } from '../sync/sync-plan.js'
import type { AuthoredBackfill, AuthoredMigration, AuthoredStatement } from './authored-migration.js'
import { authoredSql } from './compile-statements.js'
import { duplicateAllow } from './duplicate-allow.js'
import { migrationError } from './migration-errors.js'

type SqlFile = LoadedMigration & { readonly format: 'sql' }
type Section = { readonly text: string; readonly line: number }

/**
 * Reads an SQL migration: its headers, and each phase's statements.
 *
 * @throws the codes `MIGRATION.*`, `SQL.*`, `BACKFILL.*`, `SYNC.TABLE`, with file and line
 */
export function readSqlFile({ name, file, text }: SqlFile): AuthoredMigration {
  const migration = readSqlMigration(text, file)
  const { expand, backfill, contract, revert } = migration.phases
  const phases = {
    ...(expand === undefined ? {} : { expand: statements(expand, file) }),
    ...(contract === undefined ? {} : { contract: statements(contract, file) }),
    ...(revert === undefined ? {} : { revert: statements(revert, file) }),
  }
  const update = backfill === undefined ? undefined : readUpdate(backfill, migration, file)
  return {
    name,
    file,
    format: 'sql',
    appUses: migration.appUses,
    applications: migration.applications,
    phases,
    sync: readSqlSync(migration, update, phases.expand ?? [], file),
    backfill: update,
    gates: {},
  }
}

function statements({ text, line }: Section, file: string): readonly AuthoredStatement[] {
  return parseStatements(text, file, line).map((parsed) => {
    const statement = authoredSql(parsed)
    for (const [index, { rule }] of statement.allows.entries()) {
      if (statement.allows.findIndex((allow) => allow.rule === rule) < index) {
        throw duplicateAllow(rule, '', statement.where)
      }
    }
    return statement
  })
}

/** Undefined for an empty section, which the check for an untouched template reports. */
function readUpdate({ text, line }: Section, { batch }: SqlMigration, file: string): AuthoredBackfill | undefined {
  const [statement, second] = parseStatements(text, file, line)
  if (statement === undefined) return undefined
  if (second !== undefined) {
    throw migrationError('BACKFILL.STATEMENTS', 'A backfill is one UPDATE.', { file, line: second.line }, [
      'Set several columns in one UPDATE, or write another migration for the next.',
    ])
  }
  const { table, set, where, written } = parseBackfillUpdate(statement, file)
  return {
    table,
    set,
    ...(where === undefined ? {} : { where }),
    ...(batch?.key === undefined ? {} : { key: batch.key }),
    ...(batch?.size === undefined ? {} : { size: batch.size }),
    ...(batch?.time === undefined ? {} : { time: batch.time }),
    once: batch?.once ?? false,
    written,
    location: { file, line: statement.line },
  }
}
