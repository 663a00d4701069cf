/**
 * What the code of this build does with a migration's shapes (authoring.md):
 * `old` touches only the old shape; `both` writes both and reads the old (or the new with a fallback); `new` touches
 * only the new shape.
 */
export const APP_USES = ['old', 'both', 'new'] as const

export type AppUses = (typeof APP_USES)[number]

/** One value for every application concerned, or one an application. */
export type AppUsesDeclaration = AppUses | Readonly<Record<string, AppUses>>

/** What one application's code says, or undefined where it is undeclared. */
export function appUsesOf(
  declared: AppUsesDeclaration | undefined,
  application: string | undefined,
): AppUses | undefined {
  if (declared === undefined || typeof declared === 'string') return declared
  return application === undefined ? undefined : declared[application]
}

/** Every value that is declared, for checks over all applications. */
export function declaredUses(declared: AppUsesDeclaration | undefined): readonly AppUses[] {
  if (declared === undefined) return []
  return typeof declared === 'string' ? [declared] : Object.values(declared)
}
