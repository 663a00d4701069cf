import type { EngineTable, EngineTarget, Session } from '@phasegate/core'
import type { ConnectionOptions } from 'mysql2/promise'
import { quoteName } from '../quoting.js'
import type { Capabilities } from '../server/capabilities.js'
import type { Address } from '../session/translate-error.js'
import { readBinaryLog } from './binary-log.js'
import { countRows } from './count-rows.js'
import { deleteAbove } from './delete-above.js'
import { engineConnection } from './engine-connection.js'
import { inspectEngineTable } from './inspect-engine-table.js'
import { existingLeftovers, removeLeftovers } from './leftovers.js'
import { MYSQL_ENGINES } from './mysql-engines.js'
import { readNotes } from './read-notes.js'
import { swapTables } from './swap-tables.js'
import { endSessionsNaming, sessionsNaming } from './tool-sessions.js'
import { unmetRequirements } from './unmet-requirements.js'

/** What MySQL and MariaDB give the tools that copy a table, and do for them. */
export function createEngineTarget(
  settings: ConnectionOptions,
  serverVersion: string,
  address: Address,
  capabilities: Capabilities,
): EngineTarget {
  return {
    engines: MYSQL_ENGINES,
    serverVersion,
    quirks: [
      ...(capabilities.explainFormat ? (['explain format'] as const) : []),
      ...(capabilities.oldWordsGone ? (['no old words'] as const) : []),
      ...(capabilities.defaultsSpelledOut ? (['defaults spelled out'] as const) : []),
      ...(capabilities.isolationVariable ? [] : (['no transaction_isolation'] as const)),
    ],
    connection: () => engineConnection(settings, address.database),
    inspect: (session, table) => inspectEngineTable(session, table, capabilities),
    unmet: (session, table, requirements) => unmetRequirements(session, table, requirements, address),
    refreshStatistics,
    // Where the server keeps its data it tells nobody over the wire how much room there is.
    freeBytes: async () => null,
    extensionVersion: async () => undefined,
    binaryLog: readBinaryLog,
    existing: existingLeftovers,
    sessionsOn: sessionsNaming,
    removeLeftovers,
    endSessionsOn: endSessionsNaming,
    readNotes,
    deleteAbove,
    countRows,
    swap: swapTables,
  }
}

/** Of this server alone. What the answer's rows say of a table that is gone by now, whoever works on it is told again. */
async function refreshStatistics(session: Session, { schema, name }: EngineTable): Promise<void> {
  await session.query(`ANALYZE NO_WRITE_TO_BINLOG TABLE ${quoteName(schema)}.${quoteName(name)}`)
}
