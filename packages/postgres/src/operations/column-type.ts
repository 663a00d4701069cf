import { badArgument, unsafe } from '@phasegate/core'
import { parseStatements } from '../parse/parse-statements.js'

const SERIAL = /^(small|big)?serial[248]?$/

/**
 * Makes sure that a type is a type: nothing that carries a constraint, a default or a second statement with it, and on
 * a table in use no `serial`, whose numbers would be computed for each row under an exclusive lock.
 */
export function assertColumnType(call: string, type: string, tableIsNew: boolean, file: string): void {
  const statements = parseStatements(`ALTER TABLE t ADD COLUMN c ${type}`, file)
  const column = columnOf(statements[0]?.node)
  if (statements.length !== 1 || column === undefined || (column.constraints?.length ?? 0) > 0) {
    throw badArgument(
      call,
      `'${type}' is more than a type`,
      'Give the type alone; a default and NOT NULL are options, a key or check is an operation of its own.',
    )
  }
  const name = column.typeName?.names?.at(-1)?.String?.sval ?? ''
  if (!tableIsNew && SERIAL.test(name)) {
    throw unsafe(
      `${call}: ${name} on a table that exists would rewrite it under an exclusive lock.`,
      'Its default is nextval(…), which the server computes for each row there is.',
      [
        'Add the column as bigint, create a sequence, and set nextval(…) as its default with ops.setDefault.',
        'Fill the rows that exist in the backfill.',
      ],
    )
  }
}

interface ColumnNode {
  readonly constraints?: readonly unknown[]
  readonly typeName?: { readonly names?: readonly { readonly String?: { readonly sval?: string } }[] }
}

function columnOf(node: unknown): ColumnNode | undefined {
  const commands = (node as { AlterTableStmt?: { cmds?: { AlterTableCmd?: { def?: unknown } }[] } } | undefined)
    ?.AlterTableStmt?.cmds
  if (commands?.length !== 1) return undefined
  return (commands[0]?.AlterTableCmd?.def as { ColumnDef?: ColumnNode } | undefined)?.ColumnDef
}
