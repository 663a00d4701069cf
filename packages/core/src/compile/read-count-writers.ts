import type { QualifiedName } from '../compiled/database-object.js'
import type { SourceLocation } from '../error/phasegate-error.js'
import { cutToBytes, shortHash } from '../operations/object-name.js'
import { dottedName } from '../parse/names.js'
import type { SqlLanguage, WriterCount } from '../ports/sql-language.js'
import { migrationError } from './migration-errors.js'

/** A column whose writers are counted, as authored. */
export interface AuthoredWriterCount {
  readonly table: QualifiedName
  readonly column: string
  readonly where: SourceLocation
}

/**
 * Reads `countWriters: ['users.verified_at']`, or what `-- count-writers: users.verified_at` names.
 *
 * @throws `MIGRATION.COUNT_WRITERS`
 */
export function readCountWriters(value: unknown, where: SourceLocation): readonly AuthoredWriterCount[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw badCount(where)
  return (value as readonly unknown[]).map((entry, index) => {
    const parts = typeof entry === 'string' ? entry.split('.') : []
    const twice = value.indexOf(entry) !== index
    if (twice || parts.length < 2 || parts.length > 3 || parts.includes('')) throw badCount(where)
    return { table: dottedName(parts.slice(0, -1)), column: parts.at(-1) ?? '', where }
  })
}

/** Bytes left for what tells one trigger from the other. */
const ROOM = 3

/** @param migration its name, so that two migrations that count one column have a trigger each */
export function planWriterCount(
  { table, column }: AuthoredWriterCount,
  migration: string,
  { longestName }: Pick<SqlLanguage, 'longestName'>,
): WriterCount {
  const ending = `_${shortHash(`${migration} ${table.schema ?? ''} ${table.name} ${column}`)}`
  const start = 'phasegate_writes_'
  return {
    table,
    migration,
    column,
    name: start + cutToBytes(table.name, longestName - ROOM - start.length - ending.length) + ending,
  }
}

function badCount(where: SourceLocation): Error {
  return migrationError('MIGRATION.COUNT_WRITERS', 'countWriters is not a list of columns, each once.', where, [
    "Write countWriters: ['users.verified_at'], or ['billing.invoice.total'] with the schema.",
    'In an SQL file: -- count-writers: users.verified_at, billing.invoice.total',
  ])
}
