import type { SourceLocation } from '../error/phasegate-error.js'
import { migrationError } from './migration-errors.js'

/** @param inside what the message begins with: `expand, statement 2: ` or nothing */
export function duplicateAllow(rule: string, inside: string, where: SourceLocation): Error {
  return migrationError('MIGRATION.DUPLICATE_ALLOW', `${inside}${rule} is allowed twice for one statement.`, where, [
    'Keep one, with the reason that holds.',
  ])
}
