import type { DatabaseObject, QualifiedName } from '@phasegate/core'

/** The server names an index after its first column (MySQL Reference Manual, "CREATE TABLE", on index names). */
export function defaultIndexName(columns: readonly (string | undefined)[]): string {
  return columns[0] ?? 'functional_index'
}

/** `users_chk_1`, MariaDB: `CONSTRAINT_1`; the server counts on, so the number is a guess and only says what it is. */
export function defaultCheckName(table: QualifiedName): string {
  return `${table.name}_chk_1`
}

/** `users_ibfk_1` on both; the number is a guess, too. */
export function defaultForeignKeyName(table: QualifiedName): string {
  return `${table.name}_ibfk_1`
}

/** An index is named within its table here. */
export function indexOf(table: QualifiedName, name: string): DatabaseObject {
  return { type: 'index', ...(table.schema === undefined ? {} : { schema: table.schema }), table: table.name, name }
}
