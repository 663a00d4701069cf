import type { GateState } from './gate.js'

/** Kleene's three-valued AND: one closed closes; else one unknown is unknown. Empty is open. */
export function allOf(states: readonly GateState[]): GateState {
  if (states.includes('closed')) return 'closed'
  return states.includes('unknown') ? 'unknown' : 'open'
}

/** Three-valued OR: one open opens; else one unknown is unknown. Empty is closed. */
export function anyOf(states: readonly GateState[]): GateState {
  if (states.includes('open')) return 'open'
  return states.includes('unknown') ? 'unknown' : 'closed'
}

/** At least `n` open: open when they are, closed when the unknown ones could not make up for it, else unknown. */
export function atLeastOf(n: number, states: readonly GateState[]): GateState {
  const open = states.filter((state) => state === 'open').length
  if (open >= n) return 'open'
  const unknown = states.filter((state) => state === 'unknown').length
  return open + unknown >= n ? 'unknown' : 'closed'
}
