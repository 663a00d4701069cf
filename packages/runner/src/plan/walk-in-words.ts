import { type CompiledBackfill, isPhasegateError, type Session, type Target } from '@phasegate/core'

/** The server plans one batch for it, and a plan is not to wait for a table that somebody holds. */
const LIMITS = { lockTimeout: 1000, statementTimeout: 10_000 }

/**
 * By which key a backfill would walk its table now, or why it cannot. Null where that is not known: its table or one of
 * its columns comes with an expand that is not applied, or this account may not ask.
 */
export async function walkInWords(
  target: Target,
  session: Session,
  backfill: CompiledBackfill,
): Promise<string | null> {
  try {
    const { key } = await session.limited(LIMITS, () => target.backfill.inspect(session, backfill))
    const { columns, index, because } = key
    return because ?? `by ${columns.map(({ name }) => name).join(', ')}, along ${index}`
  } catch (error) {
    if (isPhasegateError(error) && error.code === 'BACKFILL.NO_KEY') return `not at all: ${error.why} (${error.code})`
    if (isPhasegateError(error) && error.code.startsWith('BACKFILL.')) return null
    // Who may read the journal may plan, also without the right to write the table.
    if (target.isDatabaseError(error) && target.classify(error) !== 'connection') return null
    throw error
  }
}
