import { createLagByPosition, type ServerSignal, type SignalRequest } from '@phasegate/core'
import { listStandbys, type Standby } from './list-standbys.js'
import { NEEDS_MONITOR } from './needs-monitor.js'
import { createReplica, type Replica } from './replica.js'

/** After so long a standby that left is one that was taken away; a restart is over by then. */
const GONE_MS = 300_000

/** Somebody that is to have the log, and how far it is. */
interface Follower {
  readonly name: string
  readonly replayed: bigint
  readonly told: number
}

/**
 * How far the slowest standby is behind in replaying. One that has replayed all there is, is not behind, however long
 * nothing was written. One that leaves is behind from where it was when it left, for five minutes; one that the
 * configuration names, or gives a URL of, has to be there. Readers of logical slots do not count unless they are named:
 * what those confirm is what they have kept, and often no more than once a minute.
 */
export function replicaLag({ standbys, replicas = [] }: SignalRequest): ServerSignal {
  const log = createLagByPosition()
  const seen = new Map<string, { readonly standby: Standby; readonly at: number }>()
  const asked = replicas.map(createReplica)
  const counts = ({ name, logical }: Standby): boolean => standbys?.includes(name) ?? !logical
  return {
    name: 'replicaLag',
    limits: { soft: 5000, hard: 30_000 },
    read: async (session) => {
      const { flushed, now, standbys: all } = await listStandbys(session)
      if (all === undefined) return { state: 'unknown', reason: NEEDS_MONITOR }
      log.reached(flushed, now)
      for (const standby of all.filter(counts)) seen.set(standby.id, { standby, at: now })
      for (const [id, { at }] of seen) if (now - at > GONE_MS) seen.delete(id)
      const missing = standbys?.find((name) => all.every((standby) => standby.name !== name))
      if (missing !== undefined) return { state: 'silent', reason: `${missing} does not follow this server` }

      const answers = await Promise.all(asked.map(ask))
      const followers: Follower[] = []
      for (const answer of answers) {
        if ('problem' in answer) return { state: 'silent', reason: answer.problem }
        followers.push(answer)
      }
      for (const { standby, at } of seen.values())
        followers.push(at === now ? standby : { ...standby, name: `${standby.name}, which has left,` })
      let slowest: { readonly value: number; readonly of?: string } = { value: 0 }
      for (const { name, replayed, told } of followers) {
        if (replayed >= flushed) continue
        const measured = log.behind(replayed, now)
        // What the server says may be of long ago: it counts for what was there before we looked, and for nothing else.
        const value = log.knows(replayed) ? measured : Math.max(measured, told)
        if (value > slowest.value) slowest = { value, of: name }
      }
      return { state: 'value', ...slowest }
    },
    close: async () => {
      await Promise.all(asked.map((replica) => replica.close()))
    },
  }
}

async function ask(replica: Replica): Promise<Follower | { readonly problem: string }> {
  try {
    return { name: replica.name, replayed: await replica.replayed(), told: 0 }
  } catch (error) {
    return { problem: `${replica.name}: ${error instanceof Error ? error.message : String(error)}` }
  }
}
