import { EXIT, type LockHolder, PhasegateError } from '@phasegate/core'

/** A session of a tool does not end although it was told to. */
export function stillThere({ backend, application, user, query }: LockHolder): PhasegateError {
  return new PhasegateError({
    code: 'ENGINE.SESSION_STAYS',
    message: `Session ${backend.id} of ${application} (role ${user}) was told to end and is still there.`,
    why: `It is in: ${query.slice(0, 200)}`,
    next: [`SELECT pg_terminate_backend(${backend.id}); as superuser, then run the same command again.`],
    exit: EXIT.failed,
    meta: { session: backend.id, application },
  })
}
