import { type CompiledMigration, type CompiledUnit, unitsOf } from '@phasegate/core'
import { acceptFindings } from './accepted-findings.js'
import { appUsesUndeclared } from './app-uses-undeclared.js'
import type { Finding } from './finding.js'
import { STATEMENT_RULES } from './rules.js'
import { type StatementSteps, statementsOf } from './statement-steps.js'

/**
 * Checks what a migration applies, without a database: the rules over each statement, less what the author accepted
 * with a reason, and what is wrong with the accepting. In file order. The steps of a revert are not checked.
 *
 * @example
 * const errors = checkMigration(migration).filter((finding) => finding.severity === 'error')
 */
export function checkMigration(migration: CompiledMigration): readonly Finding[] {
  const undeclared = appUsesUndeclared(migration)
  const found = unitsOf(migration).flatMap((unit) => checkUnit(migration, unit))
  return undeclared === undefined ? found : [...found, undeclared]
}

function checkUnit(migration: CompiledMigration, unit: CompiledUnit): readonly Finding[] {
  return statementsOf(unit).flatMap((statement) =>
    acceptFindings(migration, statement, checkStatement(migration, statement)),
  )
}

function checkStatement(migration: CompiledMigration, { unit, steps }: StatementSteps): readonly Finding[] {
  // Nobody wrote the sync triggers: they are ours, made to be safe, and no author could put anything else in their place.
  const authored = steps.filter(({ step }) => step.origin !== 'sync')
  return authored.flatMap(({ step, position }) =>
    STATEMENT_RULES.flatMap((rule) => {
      const verdict = rule.check({ migration, unit, step, position })
      if (verdict === undefined) return []
      return { rule: rule.id, ...verdict, where: step.where ?? { file: migration.file }, unit: unit.id, position }
    }),
  )
}
