import type { AppUses } from './authoring/app-uses.js'
import type { Phase } from './phase.js'

/** What a build carries: its application, the migrations it knows, and what its code uses of each. */
export interface BuildManifest {
  readonly schemaVersion: 1
  readonly application: string
  /** A name for this build: a git commit or an image digest. */
  readonly build: string
  readonly createdAt: string
  /** Of everything but `createdAt`. */
  readonly digest: string
  readonly migrations: readonly ManifestMigration[]
}

export interface ManifestMigration {
  readonly name: string
  readonly phases: readonly Phase[]
  /** Null where it is not declared, or the migration does not concern this application. */
  readonly appUses: AppUses | null
  readonly fingerprints: { readonly [phase in Phase]?: string }
}
