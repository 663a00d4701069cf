import { EXIT, PhasegateError } from '../error/phasegate-error.js'
import { askGates, timeoutOf } from './ask-gates.js'
import type { Gate, GateCheck, GateState } from './gate.js'
import { allOf, anyOf, atLeastOf } from './gate-algebra.js'

function combined(name: string, gates: readonly Gate[], decide: (states: readonly GateState[]) => GateState): Gate {
  return {
    name,
    cost: Math.max(0, ...gates.map((gate) => gate.cost)) as Gate['cost'],
    // Each part has its own; this one never comes before them.
    timeout: 1000 + gates.reduce((sum, gate) => sum + timeoutOf(gate), 0),
    check: async (context) => combineChecks(name, await askGates(gates, context, decide), decide, context.snapshot.now),
  }
}

function combineChecks(
  name: string,
  checks: readonly GateCheck[],
  decide: (states: readonly GateState[]) => GateState,
  observedAt: string,
): GateCheck {
  const state = decide(checks.map((check) => check.state))
  const telling = checks.filter((check) => (state === 'open' ? check.state === 'open' : check.state !== 'open'))
  const reason = telling.map((check) => `${check.name}: ${check.reason}`).join('; ')
  const expiries = telling.flatMap((check) => (check.expiresAt === undefined ? [] : [check.expiresAt])).sort()
  return {
    name,
    state,
    reason: reason === '' ? 'nothing to ask' : reason,
    observedAt,
    checks,
    ...(expiries[0] === undefined ? {} : { expiresAt: expiries[0] }),
  }
}

/** Opens when every one of them is open. */
export function all(...gates: readonly Gate[]): Gate {
  return combined(`all(${gates.map((gate) => gate.name).join(', ')})`, gates, allOf)
}

/** Opens when one of them is open. */
export function any(...gates: readonly Gate[]): Gate {
  return combined(`any(${gates.map((gate) => gate.name).join(', ')})`, gates, anyOf)
}

/**
 * Opens when `n` of them are open.
 *
 * @throws `GATE.COUNT` where `n` is no whole number from 1 to how many there are
 * @example
 * gates: { contract: [atLeast(2, approval(), http('https://deploy.example/ok'), soak('7d'))] }
 */
export function atLeast(n: number, ...gates: readonly Gate[]): Gate {
  if (!Number.isInteger(n) || n < 1 || n > gates.length) throw countError(n, gates.length)
  return combined(`atLeast(${n}, ${gates.map((gate) => gate.name).join(', ')})`, gates, (states) =>
    atLeastOf(n, states),
  )
}

function countError(n: number, gates: number): PhasegateError {
  return new PhasegateError({
    code: 'GATE.COUNT',
    message: `atLeast cannot ask for ${n} of ${gates} gates.`,
    why: 'The count is a whole number from 1 to the number of gates given.',
    next: ['Write for example atLeast(2, a, b, c).'],
    exit: EXIT.usage,
  })
}
