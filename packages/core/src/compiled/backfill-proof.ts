import type { CompiledBackfill } from './compiled-migration.js'

/**
 * What proves, when a backfill ends and at any time after, that it did its work.
 * - `values`: each row that `where` selects holds what its expressions give.
 * - `copies`: each row that `where` selects has its row in the other table, found by the columns of `onConflict`; with
 *   `do: 'update'` that row holds what the expressions give, with `do: 'nothing'` it is there.
 * - `mapped again`: `map` runs once more, and each row holds what it gives.
 * - `none selected`: no row that `where` selects is left.
 * - `ranges whole`: nothing can be compared afterwards; that every range was walked to its end is the only proof.
 */
export type BackfillProof = 'values' | 'copies' | 'mapped again' | 'none selected' | 'ranges whole'

/** @example proofOf({ ...backfill, form: { kind: 'delete' }, once: false, comparable: true }) // 'none selected' */
export function proofOf({ form, once, comparable }: CompiledBackfill): BackfillProof {
  if (once || !comparable) return 'ranges whole'
  if (form === undefined) return 'values'
  if (form.kind === 'map' && form.deterministic) return 'mapped again'
  return form.kind === 'copy' ? 'copies' : 'none selected'
}

const IN_WORDS: Readonly<Record<BackfillProof, string>> = {
  values: 'every row that the condition selects is compared with its expression',
  copies: 'every row that the condition selects has its row in the other table',
  'mapped again': 'map runs again over every row that the condition selects, and its values are compared',
  'none selected': 'no row that the condition selects may be left',
  'ranges whole': 'nothing can be compared afterwards: that every range is whole is the only proof',
}

const EQUAL = { update: ', with equal values', nothing: '; what it holds is not compared (do: nothing)' } as const

/** The proof in the words that `plan` prints. */
export function describeProof(backfill: CompiledBackfill): string {
  const { form } = backfill
  const more = form?.kind !== 'copy' || proofOf(backfill) !== 'copies' ? '' : EQUAL[form.onConflict.do]
  return `${IN_WORDS[proofOf(backfill)]}${more}`
}
