import { createHash } from 'node:crypto'
import { appUsesOf, type BuildManifest, type CompiledMigration, type ManifestMigration, unitsOf } from '@phasegate/core'

export interface BuildIdentity {
  readonly application: string
  readonly build: string
  /** ISO. */
  readonly createdAt: string
}

/** What a build carries. The same files, application and build name give the same digest, whenever it is made. */
export function buildManifest(migrations: readonly CompiledMigration[], identity: BuildIdentity): BuildManifest {
  const content = {
    schemaVersion: 1,
    application: identity.application,
    build: identity.build,
    migrations: migrations.map((migration) => manifestMigration(migration, identity.application)),
  } as const
  const digest = `sha256:${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`
  const { migrations: known, ...head } = content
  return { ...head, createdAt: identity.createdAt, digest, migrations: known }
}

function manifestMigration(migration: CompiledMigration, application: string): ManifestMigration {
  const units = unitsOf(migration)
  const concerned = migration.applications?.includes(application) ?? true
  return {
    name: migration.name,
    phases: units.map((unit) => unit.id.phase),
    appUses: (concerned ? appUsesOf(migration.appUses, application) : undefined) ?? null,
    fingerprints: Object.fromEntries(units.map((unit) => [unit.id.phase, unit.fingerprint])),
  }
}
