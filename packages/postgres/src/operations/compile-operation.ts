import type { Operation, RunFunction } from '@phasegate/core'
import { addCheck } from './add-check.js'
import { addColumn } from './add-column.js'
import { addEnumValue } from './add-enum-value.js'
import { addForeignKey } from './add-foreign-key.js'
import { addUnique } from './add-unique.js'
import { alterTable } from './alter-table.js'
import { createIndex } from './create-index.js'
import { createTable } from './create-table.js'
import { dropColumn } from './drop-column.js'
import { dropConstraint } from './drop-constraint.js'
import { dropDefault } from './drop-default.js'
import { dropIndex } from './drop-index.js'
import { dropNotNull } from './drop-not-null.js'
import { dropTable } from './drop-table.js'
import type { OperationCompiler } from './operation-compiler.js'
import { unsupported } from './operation-errors.js'
import { setDefault } from './set-default.js'
import { setNotNull } from './set-not-null.js'

/** What becomes SQL; `run` is a function and stays one. */
export type SqlOperation = Exclude<Operation, RunFunction>

/** Here an operation is added: its kind, and the file that compiles it. */
const OPERATIONS: { readonly [K in SqlOperation['kind']]: OperationCompiler<Extract<SqlOperation, { kind: K }>> } = {
  addCheck,
  addColumn,
  addEnumValue,
  addForeignKey,
  addUnique,
  alterTable,
  createIndex,
  createTable,
  dropColumn,
  dropConstraint,
  dropDefault,
  dropIndex,
  dropNotNull,
  dropTable,
  setDefault,
  setNotNull,
}

/** The compiler of an operation's kind. Throws `OPERATION.UNSUPPORTED` for a kind that this dialect does not know. */
export function compilerOf<O extends SqlOperation>(operation: O): OperationCompiler<O> {
  const compiler = Object.hasOwn(OPERATIONS, operation.kind) ? OPERATIONS[operation.kind] : undefined
  if (compiler === undefined) {
    throw unsupported(
      `The operation '${String(operation.kind)}' is not known to the PostgreSQL dialect.`,
      'It was not made by the ops that a phase function is given, or by another version of Phasegate.',
      [`Use one of: ${Object.keys(OPERATIONS).join(', ')}, run.`],
    )
  }
  return compiler as unknown as OperationCompiler<O>
}
