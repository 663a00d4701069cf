import type { CompiledUnit, Session, UnitName } from '@phasegate/core'
import { unitName } from '@phasegate/core'
import type { Umzug } from 'umzug'
import type { RunnerContext } from '../runner-context.js'

export interface LaneUnits {
  /** The open units only, in migration order: umzug sequences, it does not decide. */
  readonly units: readonly CompiledUnit[]
  /** Asked right before a unit starts; throws to veto it. */
  readonly migrating: (unit: CompiledUnit) => Promise<void>
  /** Applied ones among them are run too: they have something left to do. */
  readonly again?: true
  readonly apply: (unit: CompiledUnit) => Promise<void>
}

/** One umzug over the open units of one phase, with our journal as its storage. Imported when first needed: it is big. */
export async function createLane(context: RunnerContext, session: Session, lane: LaneUnits): Promise<Umzug<object>> {
  const { Umzug } = await import('umzug')
  const byName = new Map(lane.units.map((unit) => [unitName(unit.id) as string, unit]))
  const umzug = new Umzug<object>({
    migrations: lane.units.map((unit) => ({ name: unitName(unit.id), up: () => lane.apply(unit) })),
    logger: undefined,
    context: {},
    storage: {
      executed: async () => {
        if (lane.again) return []
        const { units } = await context.target.journal.read(session)
        const applied = units.filter((unit) => unit.state === 'applied').map((unit): UnitName => unitName(unit))
        return applied.filter((name) => byName.has(name))
      },
      // The unit wrote its own journal row, in its own transactions; there is nothing left to log.
      logMigration: async () => {},
      unlogMigration: async () => {},
    },
  })
  umzug.on('migrating', async ({ name }) => {
    const unit = byName.get(name)
    if (unit !== undefined) await lane.migrating(unit)
  })
  return umzug
}

/** umzug wraps what a unit throws in its own error; ours is inside. */
export function unwrap(error: unknown): unknown {
  return error instanceof Error && error.constructor.name === 'MigrationError' ? error.cause : error
}
