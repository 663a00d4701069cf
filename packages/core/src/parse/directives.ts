import type { AllowedFinding } from '../compiled/compiled-migration.js'
import type { ParsedStatement } from '../ports/sql-language.js'

const ALLOW = /^allow:?\s+([A-Z][A-Z0-9_]*(?:\.[A-Z0-9_]+)+)\s*(.*)$/is
const VERBATIM = /^verbatim\b\s*[.:;(-]?/i

/** Is this comment one that decides how its statement is treated? */
export function isDirective(comment: string): boolean {
  return ALLOW.test(comment) || isVerbatimComment(comment)
}

function isVerbatimComment(comment: string): boolean {
  const match = VERBATIM.exec(comment)
  return match !== null && (match[0].length === comment.length || /[.:;(-]$/.test(match[0]))
}

/** `-- verbatim` above a statement: it is not lifted, and the safety check judges it as written. */
export function isVerbatim(statement: Pick<ParsedStatement, 'comments'>): boolean {
  return statement.comments.some(isVerbatimComment)
}

/**
 * The findings that the author accepted with `-- allow: RULE.ID because …`. One without a reason has the reason `''`,
 * which the safety check makes a finding of its own.
 */
export function allowsOf(statement: Pick<ParsedStatement, 'comments'>): AllowedFinding[] {
  return statement.comments.flatMap((comment) => {
    const [, rule, rest] = ALLOW.exec(comment) ?? []
    if (rule === undefined || rest === undefined) return []
    const reason = /^because\b\s*(.*)$/is.exec(rest)?.[1] ?? ''
    return [{ rule: rule.toUpperCase(), reason: reason.trim() }]
  })
}
