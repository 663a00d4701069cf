import type { Token } from '../ports/sql-language.js'

export function isComment(token: Token): boolean {
  return token.kind === 'line comment' || token.kind === 'block comment'
}

/** `--  allow: X` becomes `allow: X`; so does `# allow: X`, where a dialect has such comments. */
export function commentText(token: Token): string {
  return token.text.replace(/^(?:--+|#+)/, '').trim()
}
