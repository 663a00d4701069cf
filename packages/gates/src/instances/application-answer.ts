import type { Application, ApprovedClient, Clients, GateContext, GateState } from '@phasegate/core'
import { describeDuration } from '../duration.js'
import { concerns, isOnOld } from './instances-on-old.js'

export interface Said {
  readonly state: GateState
  readonly reason: string
  /** Whom somebody may vouch for so that it counts as open where it is unknown. */
  readonly clients: readonly ApprovedClient[]
}

export function concernedApplications(context: GateContext, { applications }: Clients): readonly Application[] {
  return applications.filter(({ name }) => concerns(context, name))
}

/**
 * Does the application use the old shape, by what its processes have reported? They must have been at it for the quiet time
 * as well: before, a build that does not report yet may be running beside those that do.
 */
export function answerOf(context: GateContext, { name, reports, seenEvery }: Application): Said {
  const { snapshot, migration } = context
  const clients: readonly ApprovedClient[] = [`application ${name}`]
  if (!reports)
    return {
      clients,
      state: 'unknown',
      reason: `${name} does not report (reports: false), so that nobody can say what it uses`,
    }
  const builds = snapshot.builds.filter((build) => build.application === name)
  if (builds.length === 0) {
    const next = 'call status.register() in it and deploy it, or say reports: false in the config'
    return { clients, state: 'unknown', reason: `${name} has never reported; ${next}` }
  }
  const lastOld = builds
    .filter((build) => isOnOld(build.uses[migration.name]))
    .map((build) => Date.parse(build.lastSeen))
  const since = Math.min(...builds.map((build) => Date.parse(build.firstSeen)))
  const from = Math.max(since, ...lastOld)
  const left = from + seenEvery - Date.parse(snapshot.now)
  const what =
    lastOld.length > 0 && from > since
      ? `the last build of ${name} that uses the old shape was seen at ${iso(from)}`
      : `${name} reports since ${iso(since)}`
  // Written so that a time which cannot be read (NaN) holds.
  if (left <= 0) return { clients, state: 'open', reason: `${what}, longer ago than ${describeDuration(seenEvery)}` }
  const opens = `quiet for ${describeDuration(seenEvery)} opens it at ${iso(from + seenEvery)}`
  return { clients, state: 'closed', reason: `${what}; ${opens}` }
}

function iso(ms: number): string {
  return Number.isNaN(ms) ? 'an unknown time' : new Date(ms).toISOString()
}
