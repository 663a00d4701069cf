import { EXIT, PhasegateError } from '@phasegate/core'

export function verbNotYet(verb: string): PhasegateError {
  return new PhasegateError({
    code: 'VERB.NOT_YET',
    message: `phasegate ${verb} comes with a later version.`,
    next: ['See what this version does: phasegate --help'],
    meta: { verb },
    exit: EXIT.usage,
  })
}

export function verbUsage(message: string, help: string): PhasegateError {
  return new PhasegateError({ code: 'VERB.USAGE', message, next: [`See: ${help}`], exit: EXIT.usage })
}

export function verbFormat(verb: string, allowed: readonly string[]): PhasegateError {
  return new PhasegateError({
    code: 'VERB.FORMAT',
    message: `phasegate ${verb} has no output for --format github.`,
    why: `Annotations and a job summary come from ${allowed.join(', ')}.`,
    next: ['Leave --format out, or use --json.'],
    exit: EXIT.usage,
  })
}

export function verbUnknown(word: string, meant: string | undefined): PhasegateError {
  return new PhasegateError({
    code: 'VERB.UNKNOWN',
    message: `There is no verb '${word}'.`,
    next: [meant === undefined ? 'See all verbs: phasegate --help' : `Did you mean: phasegate ${meant}`],
    meta: meant === undefined ? { verb: word } : { verb: word, nearest: meant },
    exit: EXIT.usage,
  })
}
