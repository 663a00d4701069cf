import type { AppUses, GateContext, InstanceRecord } from '@phasegate/core'

export interface InstanceOnOld {
  readonly instance: InstanceRecord
  /** Undefined where its build does not know the migration, or does not say. */
  readonly uses: AppUses | undefined
}

/** Does the migration concern this application? One that names none concerns all. */
export function concerns({ migration }: GateContext, application: string): boolean {
  return migration.applications?.includes(application) ?? true
}

/** Does a build that says this of a migration use its old shape, as far as can be told? */
export function isOnOld(uses: AppUses | undefined): boolean {
  return uses !== 'new'
}

/** Live instances of applications concerned whose build does not know the migration or says `old` or `both`. */
export function instancesOnOld(context: GateContext, live: readonly InstanceRecord[]): readonly InstanceOnOld[] {
  const { snapshot, migration } = context
  const uses = new Map(snapshot.builds.map((build) => [build.digest, build.uses[migration.name]]))
  return live
    .filter((instance) => concerns(context, instance.application))
    .map((instance) => ({ instance, uses: uses.get(instance.digest) }))
    .filter((one) => isOnOld(one.uses))
}

/** When a build of an application concerned that uses the old shape was seen last, in ms since 1970; undefined: none ever was. */
export function lastSeenOnOld(context: GateContext): number | undefined {
  const { snapshot, migration } = context
  const seen = snapshot.builds
    .filter((build) => concerns(context, build.application) && isOnOld(build.uses[migration.name]))
    .map((build) => Date.parse(build.lastSeen))
  return seen.length === 0 ? undefined : Math.max(...seen)
}

/** `api pod-1 (build sha256:4f3c2a1b says 'both', draining)` */
export function describeInstance({ instance, uses }: InstanceOnOld): string {
  const name = instance.id.slice(0, instance.id.lastIndexOf('/'))
  const says = uses === undefined ? 'does not know the migration' : `says '${uses}'`
  const draining = instance.draining ? ', draining' : ''
  return `${instance.application} ${name} (build ${instance.digest.slice(0, 15)} ${says}${draining})`
}
