import { isPhase, type Phase } from './phase.js'

/** One phase of one migration: what is planned, gated, applied and journalled. */
export interface UnitId {
  readonly migration: string
  readonly phase: Phase
}

/** `20261122093000_email_verified:expand` */
export type UnitName = `${string}:${Phase}`

export function unitName(unit: UnitId): UnitName {
  return `${unit.migration}:${unit.phase}`
}

/** Reads `migration:phase`; undefined where the text is not a unit. */
export function parseUnitName(text: string): UnitId | undefined {
  const at = text.lastIndexOf(':')
  if (at < 1) return undefined
  const phase = text.slice(at + 1)
  return isPhase(phase) ? { migration: text.slice(0, at), phase } : undefined
}

export function sameUnit(a: UnitId, b: UnitId): boolean {
  return a.migration === b.migration && a.phase === b.phase
}

/**
 * The states of architecture.md, "The life of a unit". `interrupted` is never stored: it is `running` (or `verifying`,
 * `contracting`) whose runner is gone, and the journal read derives it.
 */
export const UNIT_STATES = [
  'pending',
  'running',
  'paused',
  'cancelled',
  'verifying',
  'contracting',
  'prepared',
  'applied',
  'failed',
  'interrupted',
  'reverting',
  'reverted',
] as const

export type UnitState = (typeof UNIT_STATES)[number]
