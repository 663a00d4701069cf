import { displayName, type QualifiedName } from '@phasegate/core'
import type { AlterTable, ForeignKeyDefinition } from '../parse/statement-tree.js'
import { constraintExists, indexExists, tableFilter, text } from './catalog-conditions.js'

/** Why a foreign key that is added with `foreign_key_checks` off must not be: a query that gives a text where there is a reason. */
export function foreignKeyProblem({ table, clauses }: AlterTable): string {
  const problems = clauses.flatMap((clause) =>
    clause.kind === 'add foreign key'
      ? [noTable(clause.foreignKey, table), ...indexIsThere(clause.foreignKey, table)]
      : [],
  )
  return `${problems.join(' UNION ALL ')} LIMIT 1`
}

/**
 * With the checks off the servers take a key to a table that is not there, to a view, to one of another engine and (MariaDB)
 * to a partitioned one, and from then on refuse each row that is written under it (error 1452; measured on MySQL 9.7.4 and
 * MariaDB 10.11.19). All else they refuse all the same.
 */
function noTable({ references }: ForeignKeyDefinition, table: QualifiedName): string {
  const parent = inSchemaOfChild(references, table)
  const says = `there is no plain InnoDB table ${displayName(parent)} that ${displayName(table)} could reference. The server would take the foreign key all the same, and refuse every row that is written.`
  return [
    `SELECT ${text(says)} AS problem FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM information_schema.TABLES`,
    `WHERE ${tableFilter(parent)} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')`,
    "AND ENGINE = 'InnoDB' AND COALESCE(CREATE_OPTIONS, '') NOT LIKE '%partitioned%')",
  ].join(' ')
}

/** The server gives the index that it makes for a key the key's name, and by that name alone a revert drops it. */
function indexIsThere({ name }: ForeignKeyDefinition, table: QualifiedName): readonly string[] {
  if (name === undefined) return []
  const says = `${displayName(table)} has an index ${name} already, and a revert could not tell it from the one that the server makes for the foreign key of this name. Give the foreign key another name.`
  const there = `${indexExists(table, name)} AND NOT ${constraintExists(table, name)}`
  return [`SELECT ${text(says)} FROM DUAL WHERE ${there}`]
}

/** A referenced table without a schema is in that of the table that references it (measured on both). */
export function inSchemaOfChild(parent: QualifiedName, { schema }: QualifiedName): QualifiedName {
  return parent.schema !== undefined || schema === undefined ? parent : { schema, name: parent.name }
}
