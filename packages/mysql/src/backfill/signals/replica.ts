import { createReplicaSession, readReplicaUrl } from '@phasegate/core'
import { addressOf, connectionSettings } from '../../session/connection-settings.js'
import { type MysqlSession, openMysqlSession } from '../../session/mysql-session.js'
import { translateError } from '../../session/translate-error.js'

/** A replica that the configuration names by its URL. */
export interface Replica {
  /** Without a credential: `replica-1:3306`. */
  readonly name: string
  /** Rejects in time with what is wrong, without a credential. */
  ask<T>(question: (session: MysqlSession) => Promise<T>): Promise<T>
  /** Never rejects. */
  close(): Promise<void>
}

/** ms; the collector waits for 4000. */
const PATIENCE_MS = 2500
const CONNECT_MS = 2000

/** @throws `DATABASE.URL` */
export function createReplica(url: string): Replica {
  const settings = readReplicaUrl(url, connectionSettings)
  const address = addressOf(settings)
  const programName = `phasegate/replica ${process.pid}`
  const session = createReplicaSession(
    () => openMysqlSession({ settings, programName, connectTimeout: CONNECT_MS }),
    PATIENCE_MS,
  )
  return {
    name: address.host.startsWith('/') ? address.host : `${address.host}:${address.port}`,
    ask: async (question) => {
      try {
        return await session.ask(question)
      } catch (error) {
        const { why, message } = translateError(error, 'reading a heartbeat', address)
        throw new Error(why ?? message)
      }
    },
    close: session.close,
  }
}
