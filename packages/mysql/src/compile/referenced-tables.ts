import type { QualifiedName } from '@phasegate/core'
import { displayName } from '@phasegate/core'
import type { AlterTable } from '../parse/statement-tree.js'
import { tableFilter, text } from './catalog-conditions.js'

/**
 * With `foreign_key_checks` off the servers take a key to a table that is not there, to a view, to one of another engine
 * and (MariaDB) to a partitioned one, and from then on refuse each row that is written under it (error 1452; measured on
 * MySQL 9.7.4 and MariaDB 10.11.19). All else they refuse all the same. The query gives a text where a key leads to no
 * table that InnoDB can look into.
 */
export function referencesNoTable({ table, clauses }: AlterTable): string {
  const references = clauses.flatMap((clause) => (clause.kind === 'add foreign key' ? [clause.foreignKey] : []))
  const problems = references.map((foreignKey) => {
    const parent = inSchemaOfChild(foreignKey.references, table)
    const says = `there is no plain InnoDB table ${displayName(parent)} that ${displayName(table)} could reference. The server would take the foreign key all the same, and refuse every row that is written.`
    return [
      `SELECT ${text(says)} AS problem FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM information_schema.TABLES`,
      `WHERE ${tableFilter(parent)} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')`,
      "AND ENGINE = 'InnoDB' AND COALESCE(CREATE_OPTIONS, '') NOT LIKE '%partitioned%')",
    ].join(' ')
  })
  return `${problems.join(' UNION ALL ')} LIMIT 1`
}

/** A referenced table without a schema is in that of the table that references it (measured on both). */
export function inSchemaOfChild(parent: QualifiedName, { schema }: QualifiedName): QualifiedName {
  return parent.schema !== undefined || schema === undefined ? parent : { schema, name: parent.name }
}
