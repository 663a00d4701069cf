import {
  type ErrorEnvelope,
  EXIT,
  type ExitCode,
  type GateCheck,
  isPhasegateError,
  PhasegateError,
  type Target,
  type UnitId,
} from '@phasegate/core'

/** How one unit ended in one run of a verb. */
export interface UnitOutcome {
  readonly unit: UnitId
  readonly outcome:
    | 'applied'
    | 'reverted'
    | 'held'
    | 'blocked'
    | 'drift'
    | 'failed'
    | 'refused'
    | 'paused'
    | 'cancelled'
    /** Its next step takes long, and is for a worker, or for a run that was told to do such steps. */
    | 'left'
    | 'not run'
  readonly reason: string
  readonly exit: ExitCode
  readonly checks?: readonly GateCheck[]
  readonly error?: ErrorEnvelope
}

/** A gate that vetoed: it ends the current call of umzug, never the whole run. */
export class UnitHeld extends Error {
  readonly outcome: UnitOutcome

  constructor(outcome: UnitOutcome) {
    super(outcome.reason)
    this.outcome = outcome
  }
}

/** What takes long is not for this run: nothing failed, and whoever may do it goes on from there. */
export class UnitLeft extends Error {
  readonly outcome: UnitOutcome

  constructor(unit: UnitId, reason: string) {
    super(reason)
    this.outcome = { unit, outcome: 'left', reason, exit: EXIT.pending }
  }
}

export function held(unit: UnitId, reason: string, checks: readonly GateCheck[]): UnitOutcome {
  return { unit, outcome: 'held', reason, checks, exit: EXIT.gate }
}

/** Its gates are open, and nobody has consented to what it destroys. */
export function refused(unit: UnitId, destroys: readonly string[]): UnitOutcome {
  const reason = `would destroy ${destroys.join(', ')}, and there is no consent to that: run it again with --confirm`
  return { unit, outcome: 'refused', reason, exit: EXIT.consent }
}

export function failed(unit: UnitId, error: PhasegateError): UnitOutcome {
  return { unit, outcome: 'failed', reason: error.message, error: error.toJSON(), exit: error.exit }
}

/** What the journal and the outcome keep of an error: never a bare driver error, and a bug stays a bug. */
export function codedError(target: Target, error: unknown, doing: string): PhasegateError {
  if (isPhasegateError(error)) return error
  if (target.isDatabaseError(error)) return target.translate(error, doing)
  return new PhasegateError({
    code: 'INTERNAL',
    message: error instanceof Error ? error.message : String(error),
    why: `An unexpected error while ${doing}.`,
    next: ['This is a bug in Phasegate or in a function of a migration file; the stack is in the log with -v.'],
    cause: error,
    exit: EXIT.bug,
  })
}
