/** A place in a file that a person wrote. Lines count from 1. */
export interface SourceLocation {
  readonly file: string
  readonly line?: number
}

export interface PhasegateErrorInit {
  /** Dotted, stable, documented under docs/errors/<code>.md. */
  readonly code: string
  /** One sentence: what happened. */
  readonly message: string
  /** Why it is so, where that is not obvious. */
  readonly why?: string
  /** What to do next; commands where there are any. */
  readonly next?: readonly string[]
  readonly where?: SourceLocation
  /** Machine-readable facts, for `--json`. Never a credential. */
  readonly meta?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
  /** Exit code of the command line (cli.md). */
  readonly exit: ExitCode
}

/** Exit codes of cli.md. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  gate: 3,
  pending: 4,
  incompatible: 5,
  lockBusy: 6,
  drift: 7,
  findings: 8,
  failed: 9,
  consent: 10,
  unreachable: 11,
  interrupted: 130,
  terminated: 143,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Where units end differently, the first of these that occurs is the exit code (cli.md). */
export const EXIT_PRECEDENCE: readonly ExitCode[] = [9, 5, 7, 6, 11, 10, 3, 4]

/**
 * The one error that Phasegate raises on purpose. Factories for it stand beside the module that raises them; anything
 * else that reaches the command line is a bug (exit 1).
 */
export class PhasegateError extends Error {
  override readonly name = 'PhasegateError'
  readonly code: string
  readonly why: string | undefined
  readonly next: readonly string[]
  readonly where: SourceLocation | undefined
  readonly meta: Readonly<Record<string, unknown>>
  readonly exit: ExitCode

  constructor(init: PhasegateErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = init.code
    this.why = init.why
    this.next = init.next ?? []
    this.where = init.where
    this.meta = init.meta ?? {}
    this.exit = init.exit
  }

  /** The error envelope that `--json` prints and the journal keeps. */
  toJSON(): ErrorEnvelope {
    return {
      code: this.code,
      message: this.message,
      ...(this.why === undefined ? {} : { why: this.why }),
      next: this.next,
      ...(this.where === undefined ? {} : { where: this.where }),
      ...(Object.keys(this.meta).length === 0 ? {} : { meta: this.meta }),
    }
  }
}

export interface ErrorEnvelope {
  readonly code: string
  readonly message: string
  readonly why?: string
  readonly next: readonly string[]
  readonly where?: SourceLocation
  readonly meta?: Readonly<Record<string, unknown>>
}

/** Structural, because a project may hold two copies of this package. */
export function isPhasegateError(error: unknown): error is PhasegateError {
  return error instanceof Error && error.name === 'PhasegateError' && 'code' in error && 'exit' in error
}
