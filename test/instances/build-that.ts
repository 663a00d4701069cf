import type { AppUses, BuildManifest } from '@phasegate/core'

/** A build that knows the migration and says this of it; undefined: one from before the migration was written. */
export function buildThat(migration: string, uses: AppUses | undefined, application = 'api'): BuildManifest {
  const phases = ['expand', 'backfill', 'contract'] as const
  return {
    schemaVersion: 1,
    application,
    build: `${application}-${uses ?? 'before'}`,
    createdAt: '2026-11-22T09:30:00Z',
    digest: `sha256:${application}-${uses ?? 'before'}`,
    migrations: [
      { name: '20200101000000_first', phases: ['expand'], appUses: null, fingerprints: {} },
      ...(uses === undefined ? [] : [{ name: migration, phases, appUses: uses, fingerprints: {} }]),
    ],
  }
}
