import type { EngineTarget, Session } from '@phasegate/core'
import { type ClientConfig, escapeIdentifier } from 'pg'
import { terminateBackend } from '../session/lock-holders.js'
import { engineConnection } from './engine-connection.js'
import { stillThere } from './engine-errors.js'
import { freeBytes } from './free-bytes.js'
import { inspectEngineTable } from './inspect-engine-table.js'
import { remarksOn } from './remarks.js'
import { dropLeftovers, existingLeftovers } from './repack-objects.js'
import { sessionsOn } from './sessions-on.js'
import { unmetRequirements } from './unmet-requirements.js'
import { watchRepack } from './watch-repack.js'

/** ms that sessions which were told to end may take for it, and between two looks. */
const END_TIME = 15_000
const LOOK_EVERY = 50

/** What PostgreSQL gives pg_repack, which is the only engine here. */
export function createEngineTarget(settings: ClientConfig): EngineTarget {
  return {
    engines: ['pg_repack'],
    connection: () => engineConnection(settings),
    inspect: inspectEngineTable,
    unmet: unmetRequirements,
    refreshStatistics: async (session, { schema, name }) => {
      await session.query(`ANALYZE ${escapeIdentifier(schema)}.${escapeIdentifier(name)}`)
    },
    freeBytes,
    extensionVersion: async (session, extension) => {
      const [row] = await session.query<{ version: string }>(
        'SELECT extversion AS version FROM pg_extension WHERE extname = $1',
        [extension],
      )
      return row?.version
    },
    remarks: remarksOn,
    limitsOfAccount: async (session) => {
      // A tool that resets one gets what its role, its database or the server says (`reset_val`).
      const limits = await session.query<{ name: string }>(
        `SELECT name FROM pg_settings WHERE reset_val <> '0' AND name IN ('statement_timeout', 'lock_timeout',
           'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout') ORDER BY name`,
      )
      return limits.map(({ name }) => name)
    },
    watch: watchRepack,
    existing: existingLeftovers,
    sessionsOn,
    removeLeftovers: async (session, table, names, limits) => {
      await endSessions(session, table.schema, names.tables)
      await dropLeftovers(session, table, names, limits)
    },
    swap: () => {
      throw new Error('pg_repack swaps by itself')
    },
  }
}

/** A backend goes on with its statement when its client was killed, and could swap until it notices. */
async function endSessions(session: Session, schema: string, tables: readonly string[]): Promise<void> {
  const deadline = Date.now() + END_TIME
  for (;;) {
    const sessions = (await sessionsOn(session, schema, tables)).filter(
      ({ application }) => application === 'pg_repack',
    )
    const [first] = sessions
    if (first === undefined) return
    if (Date.now() > deadline) throw stillThere(first)
    for (const { backend } of sessions) await terminateBackend(session, backend)
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY))
  }
}
