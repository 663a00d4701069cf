import { createHash } from 'node:crypto'

/**
 * A name for an index or constraint that the author did not name (`users_email_idx`). It is fixed when the migration is
 * compiled, so that a resumed run finds what an earlier one left. A name that is too long is cut between characters and
 * marked with a hash of the whole, since two long names would be cut to the same one.
 *
 * @param longest bytes of the longest name (`SqlLanguage.longestName`)
 */
export function objectName(parts: readonly string[], suffix: string, longest: number): string {
  const whole = [...parts, suffix].join('_')
  if (Buffer.byteLength(whole) <= longest) return whole
  const ending = `_${shortHash(whole)}_${suffix}`
  return cutToBytes(parts.join('_'), longest - Buffer.byteLength(ending)) + ending
}

export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}

/** The longest beginning of whole characters that fits. */
export function cutToBytes(text: string, bytes: number): string {
  let kept = ''
  let used = 0
  for (const character of text) {
    used += Buffer.byteLength(character)
    if (used > bytes) break
    kept += character
  }
  return kept
}
