import { createReplicaSession, readReplicaUrl } from '@phasegate/core'
import { addressOf, connectionSettings } from '../../session/connection-settings.js'
import { openPostgresSession } from '../../session/postgres-session.js'
import { translateError } from '../../session/translate-error.js'

/** A standby that the configuration names by its URL; at any distance from the primary. */
export interface Replica {
  /** Without a credential: `replica-1:5432`. */
  readonly name: string
  /** Bytes of the log that it has replayed. Rejects in time with what is wrong, without a credential. */
  replayed(): Promise<bigint>
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
  const applicationName = `phasegate/replica ${process.pid}`
  const session = createReplicaSession(
    () => openPostgresSession({ settings, applicationName, connectTimeout: CONNECT_MS }),
    PATIENCE_MS,
  )
  return {
    name: address.host.startsWith('/') ? address.host : `${address.host}:${address.port}`,
    replayed: async () => {
      try {
        return await session.ask(async (open) => {
          // Without a value on a server that never was a standby.
          const [row] = await open.query<{ replayed: string | null }>(
            `SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::text END AS replayed`,
          )
          if (row?.replayed == null) throw new Error('it is no standby')
          return BigInt(row.replayed)
        })
      } catch (error) {
        const { why, message } = translateError(error, 'reading how far a standby is', address)
        throw new Error(why ?? message)
      }
    },
    close: session.close,
  }
}
