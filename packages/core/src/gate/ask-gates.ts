import type { Gate, GateCheck, GateContext, GateState } from './gate.js'
import { allOf } from './gate-algebra.js'
import { recall } from './recall.js'

const STATES: readonly unknown[] = ['open', 'closed', 'unknown'] satisfies GateState[]

/** ms that a gate may take, by its cost. */
const TIMEOUTS = { 0: 30_000, 1: 30_000, 2: 3_600_000 } as const

/** ms after which a gate that has not answered holds as `unknown`. */
export function timeoutOf({ cost, timeout }: Gate): number {
  return timeout ?? TIMEOUTS[cost] ?? TIMEOUTS[1]
}

/**
 * Asks gates cheapest first, in the order given among equals. A gate that throws, hangs, answers too late or gives no
 * answer that can be read is `unknown` with what it said: it holds, and a person reads why. A gate that reads tables (cost
 * 2) is asked only where it decides: the others let it open, and do not open without it.
 *
 * @param decide how the answers are put together; default: every one has to be open
 */
export async function askGates(
  gates: readonly Gate[],
  context: GateContext,
  decide: (states: readonly GateState[]) => GateState = allOf,
): Promise<GateCheck[]> {
  const checks: GateCheck[] = []
  const sorted = [...gates].sort((a, b) => a.cost - b.cost)
  for (const [index, gate] of sorted.entries()) {
    const states = checks.map((check) => check.state)
    const rest = (state: GateState): GateState => decide([...states, ...sorted.slice(index).map(() => state)])
    if (gate.cost === 2 && rest('open') !== 'open') checks.push(notAsked(gate, context))
    else if (gate.cost === 2 && rest('closed') === 'open')
      checks.push(unanswered(gate, context, 'not asked, since it opens without this one'))
    else checks.push(await askGate(gate, context))
  }
  return checks
}

/** What a gate is that was left out, since it reads tables and another one holds. */
export function notAsked(gate: Gate, context: GateContext): GateCheck {
  return unanswered(gate, context, 'asked only when every other gate is open')
}

async function askGate(gate: Gate, context: GateContext): Promise<GateCheck> {
  const ms = timeoutOf(gate)
  const late = new AbortController()
  const signal = context.signal === undefined ? late.signal : AbortSignal.any([context.signal, late.signal])
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, reject) => {
    const end = (): void => reject(context.signal?.reason)
    context.signal?.addEventListener('abort', end, { once: true, signal: late.signal })
    timer = setTimeout(() => reject(new Error(`it did not answer within ${ms} ms`)), ms)
  })
  try {
    context.signal?.throwIfAborted()
    // Inside an async function, so that what is thrown before the first await counts too.
    const asked = (async () => gate.check({ ...context, signal }))()
    return readAnswer(gate, context, await Promise.race([asked, deadline]))
  } catch (error) {
    context.signal?.throwIfAborted()
    const said = error instanceof Error ? error.message : String(error)
    return unanswered(gate, context, `could not be asked: ${said}`)
  } finally {
    clearTimeout(timer)
    // Whatever the gate still has open ends now.
    late.abort(new Error(`the gate ${gate.name} was given up`))
  }
}

/** A gate may be anybody's JavaScript: only what is an answer opens, under the gate's own name. */
function readAnswer(gate: Gate, context: GateContext, given: Partial<GateCheck> | undefined): GateCheck {
  if (typeof given !== 'object' || given === null || !STATES.includes(given.state)) {
    return unanswered(
      gate,
      context,
      "gave no answer: check must return { state: 'open' | 'closed' | 'unknown', reason, … }",
    )
  }
  const { state = 'unknown', reason, observedAt } = given
  return {
    ...given,
    name: gate.name,
    state,
    reason: typeof reason === 'string' && reason !== '' ? reason : 'it gave no reason',
    observedAt: typeof observedAt === 'string' ? observedAt : context.snapshot.now,
  }
}

/** What the gate keeps stays kept: one moment without an answer does not begin its window anew. */
function unanswered(gate: Gate, context: GateContext, reason: string): GateCheck {
  const kept = recall(context, gate.name)
  return {
    name: gate.name,
    state: 'unknown',
    reason,
    observedAt: context.snapshot.now,
    ...(kept === undefined ? {} : { kept }),
  }
}
