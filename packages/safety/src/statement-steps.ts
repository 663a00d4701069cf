import type { CompiledStep, CompiledUnit } from '@phasegate/core'

/** The steps that one written statement was compiled to, in order. */
export interface StatementSteps {
  readonly unit: CompiledUnit
  readonly steps: readonly { readonly step: CompiledStep; readonly position: number }[]
}

export function statementsOf(unit: CompiledUnit): readonly StatementSteps[] {
  const statements: { unit: CompiledUnit; steps: { step: CompiledStep; position: number }[] }[] = []
  for (const [position, step] of unit.steps.entries()) {
    const current = statements.at(-1)
    const before = current?.steps.at(-1)?.step
    if (current !== undefined && before !== undefined && isSameStatement(before, step)) {
      current.steps.push({ step, position })
    } else {
      statements.push({ unit, steps: [{ step, position }] })
    }
  }
  return statements
}

/** Did one written statement become both of these steps? */
export function isSameStatement(a: CompiledStep, b: CompiledStep): boolean {
  return a.written === b.written && a.where?.file === b.where?.file && a.where?.line === b.where?.line
}
