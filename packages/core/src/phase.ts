/** The three phases of a migration, in the order in which one migration passes through them. */
export const PHASES = ['expand', 'backfill', 'contract'] as const

export type Phase = (typeof PHASES)[number]

export function isPhase(value: string): value is Phase {
  return (PHASES as readonly string[]).includes(value)
}
