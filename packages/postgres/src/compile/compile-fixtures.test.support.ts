import { type CompiledMigration, type CompiledStep, defineMigration, type MigrationDefinition } from '@phasegate/core'
import { compileMigration } from '@phasegate/core/compile'
import { postgresLanguage } from '../postgres-language.js'

const OPTIONS = { batchSize: 1000, batchTime: 250 }

/** Compiles a TypeScript migration that a test writes down. */
export function compileDefinition(definition: MigrationDefinition): Promise<CompiledMigration> {
  return compileMigration(
    { format: 'typescript', name: '20261122093000_test', file: 'test.ts', definition: defineMigration(definition) },
    OPTIONS,
    postgresLanguage,
  )
}

/** Compiles an SQL migration that a test writes down. */
export function compileText(text: string): Promise<CompiledMigration> {
  return compileMigration(
    { format: 'sql', name: '20261122093000_test', file: 'test.sql', text },
    OPTIONS,
    postgresLanguage,
  )
}

export function statements(steps: readonly CompiledStep[] | undefined): readonly string[] {
  return (steps ?? []).map((step) => step.statement)
}

/** The steps of a revert that is possible. */
export function revertSteps({ revert }: CompiledMigration): readonly CompiledStep[] {
  if (!revert.possible) throw new Error(revert.reason)
  return revert.steps
}
