import { setTimeout as sleep } from 'node:timers/promises'
import { createLagByPosition, type ServerSignal, type SignalReading, type SignalRequest } from '@phasegate/core'
import { beat, newestBeat } from './heartbeat.js'
import { createReplica, type Replica } from './replica.js'

/** ms for which the first beat of this process may be on its way before what the replica had is looked at. */
const FIRST_BEAT_MS = 500

/**
 * How far the slowest of the configured replicas is behind: for how long a beat that it has not got has been on the
 * primary. A replica that does not answer is not known, and what is not known stops the work.
 *
 * Only beats and the primary's clock count. `Seconds_Behind_Source` is 0 or NULL where replication stands still in a way
 * that the server does not notice, and goes by a clock of each machine (MySQL Reference Manual, SHOW REPLICA STATUS).
 */
export function replicaLag({ replicas }: SignalRequest): ServerSignal {
  const name = 'replicaLag'
  if (replicas === undefined || replicas.length === 0) {
    const reason = "it is not said which: replicaLag: { replicas: ['mysql://user:password@replica:3306/database'] }"
    return { name, limits: null, read: async () => ({ state: 'unknown', reason }) }
  }
  const log = createLagByPosition()
  const watched = replicas.map(createReplica)
  return {
    name,
    limits: { soft: 5000, hard: 30_000 },
    read: async (session) => {
      const newest = await beat(session)
      log.reached(newest.number, newest.at)
      const lags = await Promise.all(watched.map((replica) => lagOf(replica, newest.at)))
      return lags.find(({ state }) => state === 'silent') ?? lags.reduce(slower)
    },
    close: async () => {
      await Promise.all(watched.map((replica) => replica.close()))
    },
  }

  async function lagOf(replica: Replica, now: number): Promise<SignalReading> {
    try {
      const got = await replica.ask(async (session) => {
        for (let waited = 0; ; waited += 50) {
          const found = await newestBeat(session)
          if (waited >= FIRST_BEAT_MS || (found !== undefined && log.knows(found.number))) return found
          await sleep(50)
        }
      })
      if (got === undefined) return { state: 'silent', reason: `no heartbeat has come to ${replica.name} yet` }
      // Of before this process looked only the beat itself tells: it is from when the replica was no further behind.
      const value = log.knows(got.number) ? log.behind(got.number, now) : now - got.at
      return { state: 'value', value: Math.max(0, value), of: replica.name }
    } catch (error) {
      return { state: 'silent', reason: `${replica.name}: ${error instanceof Error ? error.message : String(error)}` }
    }
  }
}

function slower(one: SignalReading, other: SignalReading): SignalReading {
  return one.state === 'value' && other.state === 'value' && other.value > one.value ? other : one
}
