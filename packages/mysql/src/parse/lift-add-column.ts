import { type Lifted, sql, tableNameOf } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import type { Capabilities } from '../server/capabilities.js'
import { foreignKeyClause, liftCheck, liftForeignKey } from './lift-constraint.js'
import { alterTable, type ClauseTable, type LiftedClause } from './lifted.js'
import type { AlterClause, ColumnDefinition, ColumnPart } from './statement-tree.js'

type AddColumn = Extract<AlterClause, { kind: 'add column' }>

/**
 * `ADD COLUMN`: the column first, by INSTANT, then each constraint that was written beside it. What the operation cannot
 * carry (a place, a comment, an expression as default, AUTO_INCREMENT, IF NOT EXISTS) stays SQL, and the safety check
 * judges it.
 */
export function liftAddColumn(source: ClauseTable, clause: AddColumn, can: Capabilities): LiftedClause | undefined {
  const { column } = clause
  if (column.primary || column.autoIncrement) return undefined
  const beside = column.parts.flatMap((part) => liftPart(source, column, part, can))
  const taken = new Set(beside.map(({ part }) => part))
  const rest = column.parts.filter((part) => !taken.has(part))
  const constraints = beside.map(({ lifted }) => lifted)
  const needed = constraints.length > 0
  const operation = asOperation(source, clause, rest)
  if (operation === undefined && !needed) return undefined
  const first = operation ?? alterTable(source, columnClause(clause, rest))
  return { parts: [first, ...constraints], needed }
}

function liftPart(
  { table, tableText }: ClauseTable,
  column: ColumnDefinition,
  part: ColumnPart,
  can: Capabilities,
): readonly { readonly part: ColumnPart; readonly lifted: Lifted }[] {
  if (part.kind === 'unique') {
    return [{ part, lifted: { operation: { kind: 'addUnique', table: tableNameOf(table), columns: [column.name] } } }]
  }
  if (part.kind === 'references') {
    const lifted = liftForeignKey(table, part.foreignKey)
    return [{ part, lifted: lifted ?? foreignKeyClause({ table, tableText }, column.name, part.foreignKey) }]
  }
  // MariaDB adds a column with its check by INSTANT.
  const check = part.kind === 'check' && !can.instantCheckedColumn ? liftCheck(table, part.check) : undefined
  return check === undefined ? [] : [{ part, lifted: check }]
}

/** The operation, or undefined where it cannot carry everything that was written. */
function asOperation(source: ClauseTable, clause: AddColumn, parts: readonly ColumnPart[]): Lifted | undefined {
  const { column, place, ifNotExists } = clause
  const plain = parts.every(({ kind }) => kind === 'null' || kind === 'not null' || kind === 'default')
  const filled = column.default !== undefined && !/^null$/i.test(column.default)
  const carried = plain && place === 'last' && !ifNotExists && !column.expressionDefault && (filled || !column.notNull)
  if (!carried) return undefined
  return {
    operation: {
      kind: 'addColumn',
      table: tableNameOf(source.table),
      column: column.name,
      type: column.type,
      ...(column.default === undefined ? {} : { default: sql.raw(column.default) }),
      ...(column.notNull ? { notNull: true } : {}),
    },
  }
}

/** The clause without the parts that became statements of their own. */
function columnClause({ column, ifNotExists, placeText }: AddColumn, parts: readonly ColumnPart[]): string {
  return [
    `ADD COLUMN${ifNotExists ? ' IF NOT EXISTS' : ''}`,
    quoteName(column.name),
    column.type,
    ...parts.map((part) => part.text),
    placeText,
  ]
    .join(' ')
    .trimEnd()
}
