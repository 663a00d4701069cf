import { type GateCheck, type GateState, PHASES, planUnits, type UnitName, unitName } from '@phasegate/core'
import { askUnitGates } from '@phasegate/runner'
import { resolveUnit } from '../load/resolve-unit.js'
import { type OpenRunner, type TargetOptions, withRunner } from '../target/open-runner.js'

export interface GateOptions extends TargetOptions {
  /** Default: every unit that is pending. */
  readonly unit?: string
}

export interface GateAnswerOfUnit {
  readonly unit: UnitName
  readonly state: GateState
  readonly checks: readonly GateCheck[]
}

/** Asks the gates now and explains them. Reads only; nothing is recorded. */
export function runGate(options: GateOptions = {}): Promise<readonly GateAnswerOfUnit[]> {
  return withRunner(options, (runner) => askGatesOf(runner, options.unit))
}

/** The gates of one unit, or of all that are not applied. */
export async function askGatesOf(
  { context, migrations, target }: OpenRunner,
  unit: string | undefined,
): Promise<readonly GateAnswerOfUnit[]> {
  const named =
    unit === undefined
      ? undefined
      : resolveUnit(
          unit,
          migrations.map((one) => one.name),
        )
  const session = await target.openSession('gate')
  try {
    const snapshot = await target.journal.read(session)
    const lanes = named === undefined ? PHASES : [named.phase]
    const planned = lanes.flatMap((lane) =>
      planUnits({ migrations, snapshot, lane, ...(named === undefined ? {} : { only: [named] }) }),
    )
    const answers: GateAnswerOfUnit[] = []
    for (const entry of planned) {
      if (named === undefined && entry.state === 'applied') continue
      const { state, checks } = await askUnitGates(context, session, snapshot, entry.migration, entry.unit)
      answers.push({ unit: unitName(entry.unit.id), state, checks })
    }
    return answers
  } finally {
    await session.close()
  }
}
