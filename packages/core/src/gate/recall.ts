import type { GateCheck, GateContext } from './gate.js'

/** What a gate of this unit kept when it was last recorded, alone or as part of a combined one; undefined: nothing. */
export function recall(
  { snapshot, unit }: Pick<GateContext, 'snapshot' | 'unit'>,
  name: string,
): GateCheck['kept'] | undefined {
  const { migration, phase } = unit.id
  const recorded = snapshot.evidence.filter((one) => one.migration === migration && one.phase === phase)
  return find(
    recorded.map((one) => one.check),
    name,
  )?.kept
}

function find(checks: readonly GateCheck[], name: string): GateCheck | undefined {
  for (const check of checks) {
    const found = check.name === name ? check : find(check.checks ?? [], name)
    if (found !== undefined) return found
  }
  return undefined
}
