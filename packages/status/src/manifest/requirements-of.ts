import type { BuildManifest, ManifestMigration, UnitName } from '@phasegate/core'

/**
 * The units that a build cannot do without, by what its code uses (authoring.md): `old` nothing, `both` the expand,
 * `new` the backfill, or the expand where there is none. Never a contract: a release that waited for one could not
 * finish, and the contract waits for the release.
 */
export function requirementsOf(manifest: BuildManifest | undefined): readonly UnitName[] {
  return (manifest?.migrations ?? []).flatMap(requirementOf)
}

function requirementOf(migration: ManifestMigration): readonly UnitName[] {
  const { appUses, phases } = migration
  if (appUses === 'new' && phases.includes('backfill')) return [`${migration.name}:backfill`]
  if ((appUses === 'new' || appUses === 'both') && phases.includes('expand')) return [`${migration.name}:expand`]
  return []
}
