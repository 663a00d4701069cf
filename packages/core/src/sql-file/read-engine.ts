import type { WantedEngine } from '../engine/engine-task.js'
import type { SourceLocation } from '../error/phasegate-error.js'
import type { SqlLanguage } from '../ports/sql-language.js'
import { sqlFileError } from './sql-file-errors.js'

/**
 * Reads what a file says of engines.
 *
 * @throws `SQL.ENGINE` for one that this kind of database has not
 */
export function readEngine(
  value: unknown,
  where: SourceLocation,
  { name, engines }: Pick<SqlLanguage, 'name' | 'engines'>,
): WantedEngine {
  if (value === undefined) return 'auto'
  const known: readonly WantedEngine[] = ['auto', 'native', ...engines]
  const wanted = known.find((one) => one === value)
  if (wanted !== undefined) return wanted
  throw sqlFileError('SQL.ENGINE', `The engine '${String(value)}' does not work on ${name}.`, where, [
    engines.length === 0 ? `Leave it out: ${name} makes the change itself.` : `Write one of ${known.join(', ')}.`,
  ])
}
