import type { AppUses, BuildRecord, GateContext } from '@phasegate/core'

export interface LiveBuild {
  readonly build: BuildRecord
  /** Undefined where the build does not know the migration. */
  readonly uses: AppUses | undefined
}

/** Builds of applications concerned that have a live instance, and what their code does with the migration. */
export function liveBuilds({ migration, snapshot }: GateContext): readonly LiveBuild[] {
  const { applications, name } = migration
  return snapshot.builds
    .filter((build) => build.liveInstances > 0)
    .filter((build) => applications === undefined || applications.includes(build.application))
    .map((build) => ({ build, uses: build.uses[name] }))
}

/** `api 4f3c2a (3 instances)` */
export function describeBuild({ application, digest, liveInstances }: BuildRecord): string {
  return `${application} ${digest.slice(0, 12)} (${liveInstances} ${liveInstances === 1 ? 'instance' : 'instances'})`
}
