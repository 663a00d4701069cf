import os from 'node:os'
import type { ConnectOptions, Session, Target } from '@phasegate/core'
import { createBackfillTarget } from './backfill/backfill-target.js'
import { completeStatement } from './catalog/complete-statement.js'
import { inspectSurroundings } from './catalog/inspect-surroundings.js'
import { resetDatabase } from './catalog/reset-database.js'
import { missingTables, tableSizes } from './catalog/table-sizes.js'
import { createEngineTarget } from './engine/engine-target.js'
import { createMysqlJournal } from './journal/mysql-journal.js'
import { capabilitiesOf } from './server/capabilities.js'
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
import { type MysqlSession, openMysqlSession } from './session/mysql-session.js'
import { translateError } from './session/translate-error.js'
import { readStatementUse } from './use/statement-use.js'
import { writersOf } from './writers/writers-of.js'

/**
 * A MySQL or MariaDB database as a target, whichever the server turns out to be. Reads the server's version and the
 * database's name on one connection, so that a wrong URL is known before anything else happens.
 *
 * @throws `DATABASE.URL`, `DATABASE.UNREACHABLE`, `DATABASE.AUTHENTICATION`, `DATABASE.MISSING`, `DATABASE.PERMISSION`
 */
export async function connectMysql(options: ConnectOptions): Promise<Target> {
  const settings = connectionSettings(options.connection)
  let address = addressOf(settings)
  const connectTimeout = options.connectTimeout ?? 10_000
  const opened = new Map<Session, MysqlSession>()

  const open = async (purpose: string): Promise<MysqlSession> => {
    const programName = `phasegate/${purpose} ${os.hostname()}:${process.pid}`
    try {
      const session = await openMysqlSession({ settings, programName, connectTimeout })
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
  await close(first)
  const { server, serverVersion, database, account } = first
  address = { ...address, account }
  const capabilities = capabilitiesOf(server)

  return {
    dialect: server.flavour,
    database,
    serverVersion,
    lockTimeoutUnit: 1000,
    journal: createMysqlJournal(),
    backfill: createBackfillTarget(server),
    engine: createEngineTarget(settings, serverVersion, { ...address, database }, capabilities),
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
      await assertUsable(ours, () => open('proxy-check'), address)
      await ours.keepOpen()
    },
    tryLock: tryLaneLock,
    unlock: releaseLaneLock,
    lockHolder: laneLockHolder,
    blockersOf: (session, backend) => blockersOf(session, backend, capabilities),
    holdersOf: (session, tables, mode) => holdersOf(session, tables, mode, capabilities),
    yieldTime,
    isAlive: isBackendAlive,
    cancelStatement: cancelBackend,
    terminate: terminateBackend,
    clientSessions: (session) => clientSessions(session, new Set([...opened.keys()].map((one) => one.backend.id))),
    completeStatement,
    writersOf,
    statementUse: (session, object) => readStatementUse(session, object, capabilities),
    tableSizes: (session, tables) => tableSizes(session, tables, capabilities),
    missingTables,
    inspectSurroundings: (session, appRoles) => inspectSurroundings(session, appRoles, capabilities),
    reset: resetDatabase,
  }
}
