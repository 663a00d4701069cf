import type { QualifiedName } from '@phasegate/core'
import type { IndexDefinition } from '../parse/statement-tree.js'
import { mysqlQuoting } from '../quoting.js'

/** A name as a text of SQL. */
export function text(value: string): string {
  return mysqlQuoting.literal(value)
}

/** The database of a table; one without a schema is in the session's. */
export function schemaOf({ schema }: { readonly schema?: string }): string {
  return schema === undefined ? 'DATABASE()' : text(schema)
}

/** Selects the rows of one table in a view of information_schema. */
export function tableFilter(table: QualifiedName, alias?: string): string {
  const of = alias === undefined ? '' : `${alias}.`
  return `${of}TABLE_SCHEMA = ${schemaOf(table)} AND ${of}TABLE_NAME = ${text(table.name)}`
}

export function tableExists(table: QualifiedName): string {
  return exists('TABLES', tableFilter(table))
}

export function columnExists(table: QualifiedName, column: string): string {
  return exists('COLUMNS', `${tableFilter(table)} AND COLUMN_NAME = ${text(column)}`)
}

export function columnIsNullable(table: QualifiedName, column: string, nullable: boolean): string {
  const filter = `${tableFilter(table)} AND COLUMN_NAME = ${text(column)} AND IS_NULLABLE = '${nullable ? 'YES' : 'NO'}'`
  return exists('COLUMNS', filter)
}

export function indexExists(table: QualifiedName, index: string): string {
  return exists('STATISTICS', `${tableFilter(table)} AND INDEX_NAME = ${text(index)}`)
}

/** An index of this name on these very columns, in their order. */
export function indexIs(
  table: QualifiedName,
  name: string,
  { kind, columns }: Pick<IndexDefinition, 'kind' | 'columns'>,
): string {
  const place = columns.map((column, i) => {
    const is = column === undefined ? 'COLUMN_NAME IS NULL' : `COLUMN_NAME = ${text(column)}`
    return `SEQ_IN_INDEX = ${i + 1} AND ${is}`
  })
  return [
    `(SELECT COUNT(*) = ${columns.length} AND COALESCE(SUM(${place.map((one) => `(${one})`).join(' OR ')}), 0) = ${columns.length}`,
    `AND COALESCE(MAX(NON_UNIQUE), 0) = ${kind === 'unique' ? 0 : 1}`,
    `FROM information_schema.STATISTICS WHERE ${tableFilter(table)} AND INDEX_NAME = ${text(name)})`,
  ].join(' ')
}

export function constraintExists(table: QualifiedName, name: string): string {
  return exists('TABLE_CONSTRAINTS', `${tableFilter(table)} AND CONSTRAINT_NAME = ${text(name)}`)
}

export function triggerExists(trigger: QualifiedName): string {
  return exists('TRIGGERS', `TRIGGER_SCHEMA = ${schemaOf(trigger)} AND TRIGGER_NAME = ${text(trigger.name)}`)
}

export function viewExists(view: QualifiedName): string {
  return exists('VIEWS', tableFilter(view))
}

export function routineExists(kind: 'procedure' | 'function' | 'event', routine: QualifiedName): string {
  const schema = schemaOf(routine)
  const name = text(routine.name)
  if (kind === 'event') return exists('EVENTS', `EVENT_SCHEMA = ${schema} AND EVENT_NAME = ${name}`)
  const type = kind.toUpperCase()
  return exists('ROUTINES', `ROUTINE_SCHEMA = ${schema} AND ROUTINE_NAME = ${name} AND ROUTINE_TYPE = '${type}'`)
}

function exists(view: string, filter: string): string {
  return `EXISTS (SELECT 1 FROM information_schema.${view} WHERE ${filter})`
}
