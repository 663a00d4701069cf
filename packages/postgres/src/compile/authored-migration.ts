import type {
  AllowedFinding,
  AppUsesDeclaration,
  CompiledMigration,
  Operation,
  Phase,
  SourceLocation,
} from '@phasegate/core'
import type { ParsedStatement } from '../parse/parse-statements.js'
import type { AuthoredSync } from '../sync/sync-plan.js'

/** One entry of a phase, whatever the file's format. */
export type AuthoredStatement = {
  readonly allows: readonly AllowedFinding[]
  readonly where: SourceLocation
  /** For messages: `expand, statement 2`; undefined where `where` has the line. */
  readonly inside: string | undefined
} & (
  | { readonly kind: 'operation'; readonly operation: Operation }
  | {
      readonly kind: 'sql'
      readonly parsed: ParsedStatement
      readonly verbatim: boolean
      readonly origin: 'written' | 'schema'
    }
)

/** A backfill as authored, its expressions as SQL text. */
export interface AuthoredBackfill {
  readonly table: { readonly schema?: string; readonly name: string }
  readonly set: readonly { readonly column: string; readonly expression: string }[]
  readonly where?: string
  readonly key?: string
  readonly size?: number
  /** ms */
  readonly time?: number
  readonly once: boolean
  readonly written: string
  readonly location: SourceLocation
}

/** A migration file, read and checked for its shape; both formats come to this. */
export interface AuthoredMigration {
  readonly name: string
  readonly file: string
  readonly format: 'typescript' | 'sql'
  readonly appUses: AppUsesDeclaration | undefined
  readonly applications: readonly string[] | undefined
  readonly phases: { readonly [phase in Exclude<Phase, 'backfill'> | 'revert']?: readonly AuthoredStatement[] }
  readonly sync: readonly AuthoredSync[]
  readonly backfill: AuthoredBackfill | undefined
  readonly gates: CompiledMigration['gates']
}
