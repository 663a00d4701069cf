import { allOf, askGates, type Gate, type GateCheck, type GateContext, type GateState, notAsked } from '@phasegate/core'
import { applyOverrides } from './approval/apply-overrides.js'

export interface GateAnswer {
  /** Open when every check is, overrides included. */
  readonly state: GateState
  readonly checks: readonly GateCheck[]
  /** Ids of the overrides that opened something. */
  readonly used: readonly string[]
}

/**
 * Asks the gates of a unit, cheapest first, with its overrides applied. Gates that read tables are asked only when all
 * others are open, by themselves or by an override.
 *
 * @param taken override ids that this very run has used already (see `applyOverrides`)
 * @example
 * const { state, checks, used } = await checkGates(gatesFor(migration, 'contract', 'apply', config.gates), context)
 */
export async function checkGates(
  gates: readonly Gate[],
  context: GateContext,
  taken: readonly string[] = [],
): Promise<GateAnswer> {
  const override = (checks: readonly GateCheck[]) => applyOverrides(checks, context.snapshot, context.unit, taken)
  const deep = gates.filter((gate) => gate.cost === 2)
  const cheap = await askGates(
    // Not `< 2`: a gate in JavaScript that says no cost is asked all the same.
    gates.filter((gate) => gate.cost !== 2),
    context,
  )
  const first = override(cheap)
  if (allOf(first.checks.map((check) => check.state)) !== 'open') {
    const waiting = deep.map((gate) => notAsked(gate, context))
    return result([...first.checks, ...waiting], first.used)
  }
  const read: GateCheck[] = []
  // One by one, so that an override of the first does not leave the second unasked.
  for (const gate of deep) read.push(...(await askGates([gate], context)))
  const all = override([...cheap, ...read])
  return result(all.checks, all.used)
}

function result(checks: readonly GateCheck[], used: readonly string[]): GateAnswer {
  return { state: allOf(checks.map((check) => check.state)), checks, used }
}
