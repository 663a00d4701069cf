import { EXIT, PhasegateError, type SourceLocation } from '../error/phasegate-error.js'

export function badSync(
  code: 'SYNC.SHAPE' | 'SYNC.EXPRESSION' | 'SYNC.DEFAULT' | 'SYNC.BACKFILL' | 'SYNC.TABLE',
  message: string,
  why: string | undefined,
  next: readonly string[],
  where: SourceLocation,
): PhasegateError {
  return new PhasegateError({ code, message, ...(why === undefined ? {} : { why }), next, where, exit: EXIT.usage })
}
