import type { Gate, GateCheck, GateContext, GateState } from './gate.js'

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

function combined(name: string, gates: readonly Gate[], decide: (states: readonly GateState[]) => GateState): Gate {
  return {
    name,
    cost: Math.max(0, ...gates.map((gate) => gate.cost)) as Gate['cost'],
    check: async (context) => combineChecks(name, await askGates(gates, context), decide, context.snapshot.now),
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

/** Opens when `n` of them are open. */
export function atLeast(n: number, ...gates: readonly Gate[]): Gate {
  return combined(`atLeast(${n}, ${gates.map((gate) => gate.name).join(', ')})`, gates, (states) =>
    atLeastOf(n, states),
  )
}

/**
 * Asks gates cheapest first, in the order given among equals. A gate that throws is `unknown` with what it said: it
 * holds, and a person reads why. A gate that reads tables (cost 2) is asked only when every cheaper one is open.
 */
export async function askGates(gates: readonly Gate[], context: GateContext): Promise<GateCheck[]> {
  const checks: GateCheck[] = []
  for (const gate of [...gates].sort((a, b) => a.cost - b.cost)) {
    const held = checks.some((check) => check.state !== 'open')
    checks.push(gate.cost === 2 && held ? notAsked(gate, context) : await ask(gate, context))
  }
  return checks
}

async function ask(gate: Gate, context: GateContext): Promise<GateCheck> {
  try {
    return await gate.check(context)
  } catch (error) {
    context.signal?.throwIfAborted()
    const said = error instanceof Error ? error.message : String(error)
    return {
      name: gate.name,
      state: 'unknown',
      reason: `could not be asked: ${said}`,
      observedAt: context.snapshot.now,
    }
  }
}

function notAsked(gate: Gate, context: GateContext): GateCheck {
  return {
    name: gate.name,
    state: 'unknown',
    reason: 'asked only when every other gate is open',
    observedAt: context.snapshot.now,
  }
}
