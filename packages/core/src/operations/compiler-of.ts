import type { OperationCompiler, SqlLanguage, SqlOperation } from '../ports/sql-language.js'
import { unsupported } from './operation-errors.js'

/** The compiler of an operation's kind. Throws `OPERATION.UNSUPPORTED` for a kind that the dialect does not know. */
export function compilerOf<O extends SqlOperation>(
  operation: O,
  { name, operations }: Pick<SqlLanguage, 'name' | 'operations'>,
): OperationCompiler<O> {
  const compiler = Object.hasOwn(operations, operation.kind) ? operations[operation.kind] : undefined
  if (compiler === undefined) {
    throw unsupported(
      `The operation '${String(operation.kind)}' is not known to the ${name} dialect.`,
      'It was not made by the ops that a phase function is given, or by another version of Phasegate.',
      [`Use one of: ${Object.keys(operations).join(', ')}, run.`],
    )
  }
  return compiler as unknown as OperationCompiler<O>
}
