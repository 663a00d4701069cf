import type { QualifiedName } from '../compiled/database-object.js'
import type { SourceLocation } from '../error/phasegate-error.js'
import type { SqlLanguage } from '../ports/sql-language.js'
import { sqlFileError } from './sql-file-errors.js'

/** A table that is written anew after the statements of contract. */
export interface RepackLine {
  readonly table: QualifiedName
  readonly where: SourceLocation
}

/**
 * Reads `users` or `billing.invoice`.
 *
 * @throws `MIGRATION.BAD_SETTING`
 */
export function readRepack(
  value: string,
  where: SourceLocation,
  language: Pick<SqlLanguage, 'parseTableName'>,
): RepackLine {
  const table = language.parseTableName(value, where.file, where.line ?? 1)
  if (table === undefined) {
    throw sqlFileError('MIGRATION.BAD_SETTING', `repack names no table in '${value}'.`, where, [
      'Write -- repack: users, a line for each table.',
    ])
  }
  return { table, where }
}
