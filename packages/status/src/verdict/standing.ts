import type { Verdict } from './judge.js'

/** What a process remembers beside the verdict. */
export interface Standing {
  /** It was `compatible` or `ahead` once: from then on only draining makes it unready. */
  readonly latched: boolean
  readonly draining: boolean
  /** Does it report, and is its first heartbeat stored? Until then it is not ready: a contract would not know of it. */
  readonly heartbeat: HeartbeatState
  readonly onIncompatible: 'warn' | 'unready'
}

/** `none`: it does not report; `waiting`: its first heartbeat is not stored yet. */
export type HeartbeatState = 'none' | 'waiting' | 'stored'

export type StatusWord = 'pass' | 'warn' | 'fail'

/** The standing of a process that has just started, and of the command line. */
export const STARTING: Standing = {
  latched: false,
  draining: false,
  heartbeat: 'none',
  onIncompatible: 'warn',
}

export function isGood(verdict: Verdict): boolean {
  return verdict === 'compatible' || verdict === 'ahead'
}

export function isReady(verdict: Verdict, standing: Standing): boolean {
  return !standing.draining && mayServe(verdict, standing)
}

/** `pass`: ready; `warn`: serving, though something is wrong or not known any more; `fail`: not ready. */
export function statusWord(verdict: Verdict, standing: Standing, fresh: boolean): StatusWord {
  if (!mayServe(verdict, standing)) return 'fail'
  return isGood(verdict) && fresh ? 'pass' : 'warn'
}

function mayServe(verdict: Verdict, standing: Standing): boolean {
  if (standing.heartbeat === 'waiting') return false
  if (!standing.latched) return isGood(verdict)
  return !(verdict === 'incompatible' && standing.onIncompatible === 'unready')
}
