import os from 'node:os'
import type { ConnectOptions, Session, Target } from '@phasegate/core'
import { createBackfillTarget } from './backfill/backfill-target.js'
import { inspectSurroundings } from './catalog/inspect-surroundings.js'
import { resetDatabase } from './catalog/reset-database.js'
import { missingTables, tableSizes } from './catalog/table-sizes.js'
import { createEngineTarget } from './engine/engine-target.js'
import { createPostgresJournal } from './journal/postgres-journal.js'
import { assertUsable } from './session/assert-usable.js'
import { classifyError, isDatabaseError } from './session/classify-error.js'
import { clientSessions } from './session/client-sessions.js'
import { addressOf, connectionSettings } from './session/connection-settings.js'
import { releaseLaneLock, tryLaneLock } from './session/lane-lock.js'
import {
  blockersOf,
  cancelBackend,
  holdersOf,
  isBackendAlive,
  laneLockHolder,
  terminateBackend,
  yieldTime,
} from './session/lock-holders.js'
import { openPostgresSession, type PostgresSession } from './session/postgres-session.js'
import { translateError } from './session/translate-error.js'
import { readStatementUse } from './use/statement-use.js'
import { writersOf } from './writers/writers-of.js'

/**
 * A PostgreSQL database as a target. Reads the server's version and the database's name on one connection, so that a
 * wrong URL is known before anything else happens.
 *
 * @throws `DATABASE.URL`, `DATABASE.UNREACHABLE`, `DATABASE.AUTHENTICATION`, `DATABASE.MISSING`
 */
export async function connectPostgres(options: ConnectOptions): Promise<Target> {
  const settings = connectionSettings(options.connection)
  const address = addressOf(settings)
  const connectTimeout = options.connectTimeout ?? 10_000
  const opened = new Map<Session, PostgresSession>()

  const open = async (purpose: string): Promise<PostgresSession> => {
    // 63 bytes is all that pg_stat_activity keeps.
    const applicationName = `phasegate/${purpose} ${os.hostname()}:${process.pid}`.slice(0, 63)
    try {
      const session = await openPostgresSession({ settings, applicationName, connectTimeout })
      opened.set(session, session)
      return session
    } catch (error) {
      throw translateError(error, 'connecting', address)
    }
  }
  const close = async (session: Session): Promise<void> => {
    opened.delete(session)
    await session.close()
  }

  const first = await open('connect')
  const [server] = await first.query<{ database: string; version: string }>(
    `SELECT current_database() AS database, current_setting('server_version') AS version`,
  )
  await close(first)
  if (server === undefined) throw new Error('the server answered a one-row query with no row')

  return {
    dialect: 'postgres',
    database: server.database,
    serverVersion: server.version,
    lockTimeoutUnit: 1,
    journal: createPostgresJournal(),
    backfill: createBackfillTarget(),
    engine: createEngineTarget(settings),
    openSession: open,
    close: async () => {
      for (const session of [...opened.keys()]) await close(session)
    },
    classify: classifyError,
    isDatabaseError,
    translate: (error, doing) => translateError(error, doing, address),
    assertUsable: async (session) => {
      const ours = opened.get(session)
      if (ours === undefined) throw new Error('assertUsable takes a session that this target opened')
      await assertUsable(ours, () => open('pooler-check'), address)
      await ours.keepOpen()
    },
    tryLock: tryLaneLock,
    unlock: releaseLaneLock,
    lockHolder: laneLockHolder,
    blockersOf,
    holdersOf,
    yieldTime,
    isAlive: isBackendAlive,
    cancelStatement: cancelBackend,
    terminate: terminateBackend,
    clientSessions,
    // Its grammar names one property of a column at a time, so that no statement needs the rest of a definition.
    completeStatement: async (_, statement) => statement,
    statementUse: readStatementUse,
    writersOf,
    tableSizes,
    missingTables,
    inspectSurroundings,
    reset: resetDatabase,
  }
}
