import { EXIT, PhasegateError } from '@phasegate/core'

export function serveAddress(host: string, port: number, cause: Error): PhasegateError {
  return new PhasegateError({
    code: 'SERVE.ADDRESS',
    message: `phasegate serve cannot listen on ${host}:${port}.`,
    why: cause.message,
    next: ['Give another one with --port and --host, or stop what listens there.'],
    cause,
    exit: EXIT.usage,
  })
}

/** @param problem never holds a token */
export function serveTokens(problem: string): PhasegateError {
  return new PhasegateError({
    code: 'SERVE.TOKENS',
    message: `The tokens of phasegate serve cannot be used: ${problem}.`,
    why: 'Whoever has a token may approve, pause and resume.',
    next: ['One line a token: `<name> <secret of 20 characters or more>`, e.g. from: openssl rand -base64 32'],
    exit: EXIT.usage,
  })
}

/** A request that cannot be carried out, with the status of its answer. */
export class RequestRefused extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 413 | 415 | 421

  constructor(status: RequestRefused['status'], message: string) {
    super(message)
    this.status = status
  }
}
