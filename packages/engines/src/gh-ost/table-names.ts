/** MySQL Reference Manual, "Identifier Length Limits"; gh-ost counts bytes where the server counts characters. */
const LONGEST = 64

/** The tables that a run of gh-ost makes. */
export interface GhostTables {
  /** Takes the place of the table. */
  readonly copy: string
  /** Its heartbeat and its notes to itself. */
  readonly log: string
  /** The table after the swap; during the swap an empty one that guards it. */
  readonly old: string
}

/**
 * Their names, cut as gh-ost cuts them (go/base/context.go, `getSafeTableName`): `_users_gho`. Two tables whose names begin
 * with the same 59 bytes share them. Undefined: it would cut inside a character.
 */
export function ghostTables(table: string): GhostTables | undefined {
  const [copy, log, old] = ['gho', 'ghc', 'del'].map((suffix) => named(table, suffix))
  if (copy === undefined || log === undefined || old === undefined) return undefined
  return { copy, log, old }
}

function named(table: string, suffix: string): string | undefined {
  const bytes = Buffer.from(table, 'utf8')
  const cut = bytes.subarray(0, LONGEST - `__${suffix}`.length)
  const text = cut.toString('utf8')
  return Buffer.from(text, 'utf8').equals(cut) ? `_${text}_${suffix}` : undefined
}
