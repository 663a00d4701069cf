import type { Operation } from '@phasegate/core'

/** What an operation may know when it is compiled. Nothing of it comes from a database. */
export interface OperationContext {
  readonly file: string
  /** Was the table created earlier in this same unit, so that nobody uses it and it holds next to nothing? */
  isNewTable(table: { readonly schema?: string; readonly name: string }): boolean
}

/** How to undo an operation, written so that undoing what never happened does nothing; or why it cannot be done. */
export type RevertPlan = { readonly statements: readonly string[] } | { readonly impossible: string }

/** One operation, one file. How each statement runs (transaction, timeouts, probe) is read from the statement later. */
export interface OperationCompiler<O extends Operation> {
  /** The call as its author wrote it: `ops.setNotNull(users, email_verified)`. */
  describe(operation: O): string
  /** The statements that do not block, in order; each becomes a step of its own. */
  compile(operation: O, context: OperationContext): readonly string[]
  revert(operation: O): RevertPlan
}

/** `ops.name(a, b)`, leaving out what was not given. */
export function callText(name: string, ...args: readonly (string | undefined)[]): string {
  return `ops.${name}(${args.filter((arg) => arg !== undefined).join(', ')})`
}
