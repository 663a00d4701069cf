import { EXIT, PhasegateError } from '../error/phasegate-error.js'

/**
 * The journal's version counts up with every additive change, and readers of the same major read on; a change that they
 * could not read starts the next thousand.
 */
export const READABLE_BELOW = 1000

/** `JOURNAL.FORBIDDEN`: the role may not do what it was `doing`. `meta.grants` holds the statements to run. */
export function journalForbidden(
  role: string,
  grants: readonly string[],
  cause: unknown,
  doing = 'read the journal',
): PhasegateError {
  return new PhasegateError({
    code: 'JOURNAL.FORBIDDEN',
    message: `Role ${role} may not ${doing}.`,
    why: cause instanceof Error ? cause.message : String(cause),
    next: [...grants, `Or name the role in the config, appRoles: ['${role}'], and the next run grants it.`],
    meta: { role, grants },
    cause,
    exit: EXIT.usage,
  })
}

/** `JOURNAL.NEWER`: a later major of Phasegate has rebuilt the journal. */
export function journalNewer(found: number, readable: number): PhasegateError {
  return new PhasegateError({
    code: 'JOURNAL.NEWER',
    message: `The journal has version ${found}; this Phasegate reads versions below ${readable}.`,
    why: 'A newer major version of Phasegate has upgraded it.',
    next: ['Upgrade phasegate and @phasegate/status in this project to the version that upgraded the journal.'],
    meta: { found, readableBelow: readable },
    exit: EXIT.usage,
  })
}

/** `JOURNAL.DAMAGED`: the tables are not those that this version created. */
export function journalDamaged(cause: unknown): PhasegateError {
  return new PhasegateError({
    code: 'JOURNAL.DAMAGED',
    message: 'The journal exists, but cannot be read as this version of Phasegate knows it.',
    why: cause instanceof Error ? cause.message : String(cause),
    next: ['phasegate doctor'],
    cause,
    exit: EXIT.usage,
  })
}

/** `JOURNAL.OLDER`: the journal has no place yet for what a process reports. */
export function journalOlder(cause: unknown): PhasegateError {
  return new PhasegateError({
    code: 'JOURNAL.OLDER',
    message: 'The journal is of a version before processes reported, so that the heartbeat cannot be stored.',
    why: cause instanceof Error ? cause.message : String(cause),
    next: ['Run phasegate expand of this version, which upgrades the journal, before this build is deployed.'],
    cause,
    exit: EXIT.usage,
  })
}

/** `STATUS.READ_ONLY`: the heartbeat was sent to a server that only reads. */
export function readOnlyConnection(cause: unknown): PhasegateError {
  return new PhasegateError({
    code: 'STATUS.READ_ONLY',
    message: 'The database connection only reads, so that the heartbeat cannot be stored.',
    why: cause instanceof Error ? cause.message : String(cause),
    next: ['status.register({ writable: pool }), with a pool that leads to the primary.'],
    cause,
    exit: EXIT.usage,
  })
}

/** Throws `JOURNAL.NEWER` for a snapshot of a later major. */
export function assertReadable(version: number | null): void {
  if (version !== null && version >= READABLE_BELOW) throw journalNewer(version, READABLE_BELOW)
}
