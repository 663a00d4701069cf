import { isPhasegateError, PhasegateError, type SourceLocation } from '../error/phasegate-error.js'

/**
 * Runs `work`, and gives an error that comes out of it the place in the author's file. A line that it already has is kept
 * only where it is a line of that file: in TypeScript the parser counts lines of one fragment.
 */
export function withLocation<T>(where: SourceLocation, inside: string | undefined, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!isPhasegateError(error)) throw error
    throw new PhasegateError({
      code: error.code,
      message: inside === undefined ? error.message : `${inside}: ${error.message}`,
      ...(error.why === undefined ? {} : { why: error.why }),
      next: error.next,
      where: inside === undefined && error.where !== undefined ? error.where : where,
      meta: error.meta,
      cause: error,
      exit: error.exit,
    })
  }
}
