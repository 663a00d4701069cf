import type { AppUsesDeclaration } from '../authoring/app-uses.js'
import type { Operation } from '../authoring/operation.js'
import type { BackfillForm } from '../compiled/backfill-form.js'
import type { AllowedFinding, CompiledMigration } from '../compiled/compiled-migration.js'
import type { QualifiedName } from '../compiled/database-object.js'
import type { WantedEngine } from '../engine/engine-task.js'
import type { SourceLocation } from '../error/phasegate-error.js'
import type { ThrottleSettings, TimeWindow } from '../pace/throttle-settings.js'
import type { Phase } from '../phase.js'
import type { Assignment, ParsedStatement } from '../ports/sql-language.js'
import type { AuthoredSync } from '../sync/sync-plan.js'
import type { AuthoredWriterCount } from './read-count-writers.js'

/** One entry of a phase, whatever the file's format. */
export type AuthoredStatement<S extends ParsedStatement> = {
  readonly allows: readonly AllowedFinding[]
  readonly where: SourceLocation
  /** For messages: `expand, statement 2`; undefined where `where` has the line. */
  readonly inside: string | undefined
} & (
  | { readonly kind: 'operation'; readonly operation: Operation }
  | {
      readonly kind: 'sql'
      readonly parsed: S
      readonly verbatim: boolean
      readonly origin: 'written' | 'schema'
    }
)

/** A backfill as authored, its expressions as SQL text. */
export interface AuthoredBackfill {
  readonly table: QualifiedName
  /** Undefined: `set`, which is empty in every other form. */
  readonly form?: BackfillForm
  readonly set: readonly Assignment[]
  readonly where?: string
  readonly key?: readonly string[]
  readonly size?: number
  /** ms */
  readonly time?: number
  readonly only?: readonly TimeWindow[]
  readonly throttle?: ThrottleSettings | false
  readonly quarantine?: { readonly limit: number }
  readonly once: boolean
  readonly written: string
  readonly location: SourceLocation
}

/** A migration file, read and checked for its shape; both formats come to this. */
export interface AuthoredMigration<S extends ParsedStatement> {
  readonly name: string
  readonly file: string
  readonly format: 'typescript' | 'sql'
  readonly appUses: AppUsesDeclaration | undefined
  readonly applications: readonly string[] | undefined
  readonly phases: { readonly [phase in Exclude<Phase, 'backfill'> | 'revert']?: readonly AuthoredStatement<S>[] }
  readonly sync: readonly AuthoredSync[]
  readonly countWriters: readonly AuthoredWriterCount[]
  readonly backfill: AuthoredBackfill | undefined
  readonly engine: WantedEngine
  readonly gates: CompiledMigration['gates']
}
