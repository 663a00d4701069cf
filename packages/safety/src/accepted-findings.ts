import type { AllowedFinding, CompiledMigration } from '@phasegate/core'
import type { Finding } from './finding.js'
import { isRuleId } from './rule-table.js'
import type { StatementSteps } from './statement-steps.js'

/**
 * An allow above a statement is for all the steps that it was compiled to. Takes out the findings that the author accepted with a reason, and adds one for each allow that has none or that
 * matches nothing.
 */
export function acceptFindings(
  migration: CompiledMigration,
  statement: StatementSteps,
  findings: readonly Finding[],
): readonly Finding[] {
  const allows = distinct(statement.steps.flatMap(({ step }) => step.allows))
  const accepted = new Set(allows.filter(hasReason).map((allow) => allow.rule))
  const standing = findings.filter((finding) => !accepted.has(finding.rule))
  const bad = allows.flatMap((allow) => badAllow(migration, statement, allow, findings) ?? [])
  return [...standing, ...bad]
}

function badAllow(
  migration: CompiledMigration,
  { unit, steps }: StatementSteps,
  allow: AllowedFinding,
  findings: readonly Finding[],
): Finding | undefined {
  const first = steps[0]
  if (first === undefined) return undefined
  const place = { where: first.step.where ?? { file: migration.file }, unit: unit.id, position: first.position }
  if (!hasReason(allow)) {
    return {
      rule: 'ALLOW.NO_REASON',
      severity: 'error',
      message: `The allow of ${allow.rule} gives no reason.`,
      why: 'Whoever reads the plan or the journal later has to know why this was safe here.',
      instead: `-- allow: ${allow.rule} because …, or allow('${allow.rule}', 'reason', …).`,
      ...place,
    }
  }
  if (findings.some((finding) => finding.rule === allow.rule)) return undefined
  const known = isRuleId(allow.rule)
  return {
    rule: 'ALLOW.UNUSED',
    severity: 'warning',
    message: known
      ? `The allow of ${allow.rule} matches no finding of its statement.`
      : `The allow names ${allow.rule}, which is no rule.`,
    why: 'It would silently accept a finding that appears there later.',
    instead: known ? 'Take the allow out.' : 'Write the rule as the finding shows it, or take the allow out.',
    ...place,
  }
}

function hasReason(allow: AllowedFinding): boolean {
  return allow.reason.trim() !== ''
}

function distinct(allows: readonly AllowedFinding[]): readonly AllowedFinding[] {
  return [...new Map(allows.map((allow) => [`${allow.rule}\n${allow.reason}`, allow])).values()]
}
