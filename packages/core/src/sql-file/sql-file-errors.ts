import { EXIT, PhasegateError, type SourceLocation } from '../error/phasegate-error.js'

/** An error about the headers of an SQL migration file. */
export function sqlFileError(
  code: string,
  message: string,
  where: SourceLocation,
  next: readonly string[],
  why?: string,
): PhasegateError {
  return new PhasegateError({ code, message, where, next, exit: EXIT.usage, ...(why === undefined ? {} : { why }) })
}
