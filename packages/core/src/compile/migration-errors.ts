import { EXIT, PhasegateError, type SourceLocation } from '../error/phasegate-error.js'

/** What is wrong with a migration file as a whole. `next` says what to write. */
export function migrationError(
  code: `MIGRATION.${string}` | `BACKFILL.${string}`,
  message: string,
  where: SourceLocation,
  next: readonly string[],
  more: { readonly why?: string; readonly cause?: unknown } = {},
): PhasegateError {
  return new PhasegateError({ code, message, next, where, ...more, exit: EXIT.usage })
}
