import type { EngineOrder } from '@phasegate/core'
import type { Engine, Job } from '../engine.js'
import type { ThrottleWatch } from './desk-options.js'

/** How much a tool rests while the server is under load but not in need: as long as it works. */
const SLOW = 1

/** Makes a tool wait, slow down and go on, as persons and the server want it; each is told once. */
export interface Rest {
  follow(order: EngineOrder, wish: ReturnType<ThrottleWatch['read']>): Promise<void>
  paused(): boolean
  /** Why it is paused by us; null where it is not. */
  reason(): string | null
}

/** @param say told once of what this tool cannot */
export function createRest(engine: Engine, job: Job, say: (reason: string) => void): Rest {
  const cannot = engine.cannot(job.table)
  // Undefined: as whoever supervised before us has left it.
  let pausedFor: string | null | undefined
  let pace: number | undefined
  const told = new Set<string>()
  const sayOnce = (reason: string): void => {
    if (!told.has(reason)) say(reason)
    told.add(reason)
  }
  const setPace = async (rest: number): Promise<void> => {
    if (rest === pace) return
    pace = rest
    if (engine.pace !== undefined) await engine.pace(job, rest)
    else if (rest > 0) sayOnce(cannot.pace ?? `${engine.name} has one speed`)
  }
  return {
    follow: async (order, wish) => {
      const why = order.action === 'pause' ? order.reason : wish?.level === 'stop' ? wish.reason : null
      if (why !== null && cannot.pause !== undefined) return sayOnce(`${cannot.pause} (${why})`)
      if (why !== null && typeof pausedFor !== 'string') await engine.pause(job)
      if (why === null && pausedFor !== null && cannot.pause === undefined) await engine.resume(job)
      pausedFor = why
      if (why === null) await setPace(wish?.level === 'slow' ? SLOW : 0)
    },
    paused: () => typeof pausedFor === 'string',
    reason: () => pausedFor ?? null,
  }
}
