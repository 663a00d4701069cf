import type { CompiledMigration, Phase, UnitId } from '@phasegate/core'
import { resolveUnit } from '../load/resolve-unit.js'

/** The units of a lane that a person named, by slug or unique prefix; undefined where nothing was named. */
export function namedUnits(
  words: readonly string[] | undefined,
  migrations: readonly CompiledMigration[],
  lane: Phase,
): readonly UnitId[] | undefined {
  if (words === undefined || words.length === 0) return undefined
  const names = migrations.map((migration) => migration.name)
  return words.map((word) => resolveUnit(word, names, lane))
}
