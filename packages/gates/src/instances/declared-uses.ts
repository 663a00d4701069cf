import { type AppUses, appUsesOf, type CompiledMigration } from '@phasegate/core'

export interface DeclaredUse {
  /** Undefined where one value stands for every application. */
  readonly application: string | undefined
  /** Undefined where the file does not say it. */
  readonly uses: AppUses | undefined
}

/**
 * What the file says for each application concerned. An application that is declared without being concerned counts
 * too: where the file contradicts itself, the answer that holds more wins.
 */
export function declaredUses(migration: CompiledMigration): readonly DeclaredUse[] {
  const { appUses, applications } = migration
  if (appUses === undefined || typeof appUses === 'string') return [{ application: undefined, uses: appUses }]
  const names = new Set([...(applications ?? []), ...Object.keys(appUses)])
  if (names.size === 0) return [{ application: undefined, uses: undefined }]
  return [...names].map((application) => ({ application, uses: appUsesOf(appUses, application) }))
}

/** `appUses is 'both' for api`, for reasons. */
export function describeUse({ application, uses }: DeclaredUse): string {
  const value = uses === undefined ? 'is not declared' : `is '${uses}'`
  return application === undefined ? `appUses ${value}` : `appUses ${value} for ${application}`
}
