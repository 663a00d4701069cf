import type { Token } from '../ports/sql-language.js'

export function isComment(token: Token): boolean {
  return token.kind === 'line comment' || token.kind === 'block comment'
}

/** `--  allow: X` becomes `allow: X`. */
export function commentText(token: Token): string {
  return token.text.replace(/^--+/, '').trim()
}
