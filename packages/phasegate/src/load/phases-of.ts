import { type LoadedMigration, PHASES, type Phase } from '@phasegate/core'

/** Which phases a file declares, without compiling it. `sync` is part of expand. */
export function phasesOf(migration: LoadedMigration): readonly Phase[] {
  if (migration.format === 'typescript') {
    const { definition } = migration
    return PHASES.filter(
      (phase) => definition[phase] !== undefined || (phase === 'expand' && definition.sync !== undefined),
    )
  }
  const words: Readonly<Record<string, Phase>> = {
    expand: 'expand',
    backfill: 'backfill',
    migrate: 'backfill',
    contract: 'contract',
  }
  const found = [...migration.text.matchAll(/^--\s*phase(?:\s*\d+)?\s*:\s*(\w+)/gim)].map(
    (match) => words[match[1]!.toLowerCase()],
  )
  return PHASES.filter((phase) => found.includes(phase))
}
