import type { Clients, CompiledMigration, Gate, GateContext, Phase } from '@phasegate/core'
import { defaultGates } from './default-gates.js'

export type ConfiguredGates = { readonly [phase in Phase | 'revert']?: readonly Gate[] }

/**
 * Every gate of a unit: the default ones, those of the config, those of the migration itself. Each may add, none can
 * remove; only the very same gate object given twice is asked once.
 */
export function gatesFor(
  migration: CompiledMigration,
  phase: Phase,
  action: GateContext['action'],
  configured: ConfiguredGates = {},
  clients?: Clients,
): readonly Gate[] {
  const key = action === 'revert' ? 'revert' : phase
  return [
    ...new Set([...defaultGates(phase, action, clients), ...(configured[key] ?? []), ...(migration.gates[key] ?? [])]),
  ]
}
