import type { Logger } from '@phasegate/core'
import type { StatusDocument } from './document/status-document.js'

/** ms after which a condition that lasts is logged again. */
const REMIND_AFTER = 600_000

/** Logs what changed, and what goes on being wrong every ten minutes; a poll a minute would otherwise fill the log. */
export function createReporter(
  logger: Logger,
  now: () => number,
): (document: StatusDocument, latched: boolean) => void {
  let last: { readonly key: string; readonly at: number } | undefined
  return (document, latched) => {
    const { status, verdict, reason, journal, missing, incompatibleWith } = document
    const key = JSON.stringify([status, verdict, reason, journal.error?.code, journal.stale])
    const repeated = last?.key === key
    if (repeated && (status === 'pass' || now() - (last?.at ?? 0) < REMIND_AFTER)) return
    last = { key, at: now() }
    const fields = { status, verdict, reason, missing, incompatibleWith, ageMs: journal.ageMs, error: journal.error }
    if (status === 'pass') logger.info(fields, `phasegate: ${verdict}`)
    else if (latched) logger.error(fields, `phasegate: ${verdict}; this process was ready before and is judged by that`)
    else logger.warn(fields, `phasegate: not ready, ${verdict}: ${reason}`)
  }
}

/** For applications that pass no logger: warnings and errors on the console. */
export const consoleLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (fields, message) => console.warn(message, fields),
  error: (fields, message) => console.error(message, fields),
}
