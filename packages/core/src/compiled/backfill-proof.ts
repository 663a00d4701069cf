import type { CompiledBackfill } from './compiled-migration.js'

/**
 * What proves, when a backfill ends and at any time after, that it did its work.
 * - `values`: each row that `where` selects holds what its expressions give.
 * - `none selected`: no row that `where` selects is left.
 * - `ranges whole`: nothing can be compared afterwards; that every range was walked to its end is the only proof.
 */
export type BackfillProof = 'values' | 'none selected' | 'ranges whole'

/** @example proofOf({ ...backfill, form: { kind: 'delete' }, once: false, comparable: true }) // 'none selected' */
export function proofOf({ form, once, comparable }: CompiledBackfill): BackfillProof {
  if (once || !comparable) return 'ranges whole'
  return form === undefined ? 'values' : 'none selected'
}

const IN_WORDS: Readonly<Record<BackfillProof, string>> = {
  values: 'every row that the condition selects is compared with its expression',
  'none selected': 'no row that the condition selects may be left',
  'ranges whole': 'nothing can be compared afterwards: that every range is whole is the only proof',
}

/** The proof in the words that `plan` prints. */
export function describeProof(backfill: CompiledBackfill): string {
  return IN_WORDS[proofOf(backfill)]
}
