import { EXIT, PhasegateError } from '../error/phasegate-error.js'

/** The operation would block or rewrite; `next` is the recipe to write instead. */
export function unsafe(message: string, why: string, next: readonly string[]): PhasegateError {
  return new PhasegateError({ code: 'OPERATION.UNSAFE', message, why, next, exit: EXIT.usage })
}

/** An argument of an operation is missing or of the wrong shape. */
export function badArgument(call: string, problem: string, next: string): PhasegateError {
  return new PhasegateError({
    code: 'OPERATION.ARGUMENT',
    message: `${call}: ${problem}.`,
    next: [next],
    exit: EXIT.usage,
  })
}

/** There is no safe way yet, or the kind is not known to this dialect. */
export function unsupported(message: string, why: string, next: readonly string[]): PhasegateError {
  return new PhasegateError({ code: 'OPERATION.UNSUPPORTED', message, why, next, exit: EXIT.usage })
}
