import type { EngineTable } from '@phasegate/core'
import type { Tool } from '../engine.js'
import { KEYS_FIRST } from './probe.js'

/**
 * The most rows that a table may have whose foreign key points here. Its key is made anew after the swap, for which the server
 * reads it while its writers wait: about a second (MySQL Reference Manual, "Online DDL Operations": a foreign key is added by
 * copying where keys are checked).
 */
const MOST_CHILD_ROWS = 50_000

/**
 * Must the tool swap by itself? Foreign keys that point at the table would follow it when it is renamed; the tool makes them
 * anew right behind the swap. `rebuild_constraints` is the one method that is left: `drop_swap` has a moment without the table
 * and does not work on MySQL 8 (Percona's own refusal), `auto` may choose it, and `none` breaks the keys.
 */
export function swapsByItself({ referencedBy }: Pick<EngineTable, 'referencedBy'>): boolean {
  return referencedBy.length > 0
}

export const FOREIGN_KEYS_METHOD = 'rebuild_constraints'

/**
 * Keys that are moved before the swap point at a copy that triggers feed by DELETE and REPLACE. What refers to a row goes with it
 * (ON DELETE CASCADE, SET NULL) when its key is changed, on MariaDB and older MySQL with any update: rows of others were lost in
 * tests of 3.7.1 on MySQL 9.7.4, without a word.
 */
export function movedKeysProblem(
  { name, referencedBy }: Pick<EngineTable, 'name' | 'referencedBy'>,
  { version, features }: Pick<Tool, 'version' | 'features'>,
): readonly string[] {
  if (referencedBy.length === 0 || !features.has(KEYS_FIRST)) return []
  const keys = referencedBy.map(({ constraint, table }) => `${constraint} of ${table}`).join(', ')
  return [
    `pt-online-schema-change ${version} moves the foreign keys that point at ${name} (${keys}) to its copy before it swaps, and an update of ${name} may then delete rows that refer to it: drop these keys before and add them afterwards.`,
  ]
}

export function foreignKeyProblems({ name, references, referencedBy }: EngineTable): readonly string[] {
  const own = references.filter((key) => key.table === name)
  const large = referencedBy.filter(({ rows }) => (rows ?? 0) > MOST_CHILD_ROWS)
  return [
    ...(own.length > 0
      ? [
          `pt-online-schema-change takes no table that references itself (${own.map((key) => key.constraint).join(', ')}): drop that key before and add it afterwards.`,
        ]
      : []),
    ...(large.length > 0
      ? [
          `pt-online-schema-change would read ${large.map((key) => `${key.table} (${key.rows} rows)`).join(', ')} while writers wait, to make ${large.map((key) => key.constraint).join(', ')} anew: drop such a key before and add it afterwards.`,
        ]
      : []),
  ]
}
