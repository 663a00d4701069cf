import { badArgument, unsafe } from '@phasegate/core'
import { parseStatements } from '../parse/parse-statements.js'
import type { ColumnDefinition } from '../parse/statement-tree.js'

/**
 * Makes sure that a type is a type: nothing that carries a constraint, a default or a second statement with it, and on a
 * table in use nothing that the server would have to compute for each row while writers wait.
 */
export function assertColumnType(call: string, type: string, tableIsNew: boolean, file: string): void {
  const column = readColumn(type, file)
  if (column === undefined || carriesMore(column)) {
    throw badArgument(
      call,
      `'${type}' is more than a type`,
      'Give the type alone; a default and NOT NULL are options, a key or check is an operation of its own.',
    )
  }
  if (tableIsNew) return
  if (column.autoIncrement) {
    throw unsafe(
      `${call}: AUTO_INCREMENT on a table that exists blocks its writers while every row gets its number.`,
      'The server rebuilds the table and takes LOCK=SHARED at least (MySQL Reference Manual, "Online DDL Operations").',
      ['Add a plain BIGINT column, and give it its values in the backfill and by the application.'],
    )
  }
  if (column.generated === 'stored') {
    throw unsafe(
      `${call}: a stored generated column copies the table while its writers wait.`,
      'Its value is computed for each row there is.',
      [
        'A VIRTUAL generated column is there in an instant, and an index on it is built beside all traffic.',
        'Or a plain column, kept by sync and filled in the backfill.',
      ],
    )
  }
}

function readColumn(type: string, file: string): ColumnDefinition | undefined {
  const statements = parseStatements(`ALTER TABLE t ADD COLUMN c ${type}`, file)
  const node = statements[0]?.node
  if (statements.length !== 1 || node?.kind !== 'alter table' || node.clauses.length !== 1) return undefined
  const [clause] = node.clauses
  const plain = clause?.kind === 'add column' && clause.place === 'last' && Object.keys(node.online).length === 0
  return plain ? clause.column : undefined
}

function carriesMore(column: ColumnDefinition): boolean {
  const { notNull, default: value, unique, primary, check, references } = column
  return notNull || value !== undefined || unique || primary || check || references !== undefined
}
