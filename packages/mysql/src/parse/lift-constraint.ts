import { type Lifted, type QualifiedName, sql, tableNameOf } from '@phasegate/core'
import { alterTable, type ClauseTable, fitsOperation } from './lifted.js'
import type { CheckDefinition, ForeignKeyDefinition } from './statement-tree.js'

/** One that is not enforced is an instant as it stands, and has no operation. */
export function liftCheck(table: QualifiedName, check: CheckDefinition): Lifted | undefined {
  if (!check.enforced) return undefined
  const name = check.name === undefined ? {} : { name: check.name }
  return { operation: { kind: 'addCheck', table: tableNameOf(table), check: sql.raw(check.expression), ...name } }
}

/**
 * The key is added without a look at the rows, then the rows are looked at. A reference to columns that are not named
 * (MariaDB: the primary key), SET DEFAULT and MATCH, which InnoDB does not do, stay SQL.
 */
export function liftForeignKey(table: QualifiedName, foreignKey: ForeignKeyDefinition): Lifted | undefined {
  const { columns, references, referencedColumns, match, onDelete, onUpdate } = foreignKey
  const carried =
    referencedColumns.length === columns.length &&
    (match === undefined || match === 'SIMPLE') &&
    onDelete !== 'set default' &&
    onUpdate !== 'set default' &&
    fitsOperation(references)
  if (!carried) return undefined
  return {
    operation: {
      kind: 'addForeignKey',
      table: tableNameOf(table),
      columns,
      references: { table: tableNameOf(references), columns: referencedColumns },
      ...(foreignKey.name === undefined ? {} : { name: foreignKey.name }),
      ...(onDelete === undefined ? {} : { onDelete }),
      ...(onUpdate === undefined ? {} : { onUpdate }),
    },
  }
}

/** The same as a clause of its own, where it stood beside a column and no operation carries it. */
export function foreignKeyClause(source: ClauseTable, column: string, foreignKey: ForeignKeyDefinition): Lifted {
  const named = foreignKey.name === undefined ? '' : `CONSTRAINT \`${foreignKey.name.replaceAll('`', '``')}\` `
  return alterTable(source, `ADD ${named}FOREIGN KEY (\`${column.replaceAll('`', '``')}\`) ${foreignKey.text}`)
}
