import { type ErrorEnvelope, EXIT, isPhasegateError, PhasegateError } from '@phasegate/core'
import type { StatusDocument } from './document/status-document.js'
import { isGood } from './verdict/standing.js'

/** The driver's message is kept as the reason; drivers put no password into it. */
export function envelopeOf(thrown: unknown): ErrorEnvelope {
  if (isPhasegateError(thrown)) return thrown.toJSON()
  return {
    code: 'JOURNAL.UNREAD',
    message: 'The journal could not be read.',
    why: describe(thrown),
    next: ['Check that this process reaches its database; it is asked again by itself.'],
  }
}

export function describe(thrown: unknown): string {
  if (thrown instanceof AggregateError) return thrown.errors.map(describe).join('; ')
  return thrown instanceof Error ? thrown.message || thrown.name : String(thrown)
}

export function notReady(document: StatusDocument): PhasegateError {
  const { verdict, reason, draining, heartbeat } = document
  const why = heartbeat === 'waiting' && isGood(verdict) ? 'its first heartbeat is not stored yet' : verdict
  return new PhasegateError({
    code: 'STATUS.NOT_READY',
    message: draining ? 'This process is draining.' : `This process is not ready: ${why}.`,
    ...(draining ? {} : { why: reason }),
    next: ['phasegate status'],
    meta: { verdict },
    exit: verdict === 'incompatible' ? EXIT.incompatible : EXIT.pending,
  })
}

export function badInterval(ms: number): PhasegateError {
  return new PhasegateError({
    code: 'STATUS.INTERVAL',
    message: `\`pollInterval\` is ${ms}; it is a number of milliseconds from 10 on.`,
    next: ['createStatus({ …, pollInterval: { waiting: 10_000, ready: 60_000 } })'],
    exit: EXIT.usage,
  })
}
