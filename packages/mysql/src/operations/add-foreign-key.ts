import {
  type AddForeignKey,
  badArgument,
  callText,
  type OperationCompiler,
  objectName,
  quoteTable,
  type ReferentialAction,
  tableReference,
  tableText,
} from '@phasegate/core'
import { inSchemaOfChild } from '../compile/foreign-key-problem.js'
import { MUST_BE_EMPTY, UNCHECKED } from '../compile/marks.js'
import { MAX_IDENTIFIER_LENGTH, mysqlQuoting, quoteName } from '../quoting.js'
import { columnList } from './column-list.js'

/** InnoDB refuses SET DEFAULT (MySQL Reference Manual, "FOREIGN KEY Constraints"). */
const ACTIONS: readonly ReferentialAction[] = ['no action', 'restrict', 'cascade', 'set null']

/**
 * The server copies the table to check its rows, unless `foreign_key_checks` is off: then it checks none of them and works
 * beside all traffic, and every write from then on is checked (MySQL Reference Manual, "Online DDL Operations"). So the
 * key is added so, with an index on its columns where they have none, and the next step asks for rows without their
 * parent. That one is the counterpart of PostgreSQL's VALIDATE; where it fails, the key stays.
 */
export const addForeignKey: OperationCompiler<AddForeignKey> = {
  describe: ({ table, columns, references }) =>
    callText(
      'addForeignKey',
      tableText(table),
      `[${Array.isArray(columns) ? columns.join(', ') : ''}]`,
      references === undefined ? undefined : `references ${tableText(references.table)}`,
    ),
  compile: (operation, context) => {
    const call = addForeignKey.describe(operation)
    if (operation.references === undefined) {
      throw badArgument(call, 'the referenced table is missing', "Write { table: 'users', columns: ['id'] }.")
    }
    const columns = columnList(call, operation.columns)
    const referenced = columnList(call, operation.references.columns)
    if (operation.columns.length !== operation.references.columns.length) {
      throw badArgument(call, 'it has another number of columns than it references', 'Name one for each.')
    }
    const reference = tableReference(operation.table, mysqlQuoting)
    const isNew = context.isNewTable(reference)
    const add = [
      `ALTER TABLE ${quoteTable(reference, mysqlQuoting)} ADD ${isNew ? '' : `${UNCHECKED} `}CONSTRAINT ${keyName(operation)}`,
      `FOREIGN KEY ${columns}`,
      `REFERENCES ${quoteTable(tableReference(operation.references.table, mysqlQuoting), mysqlQuoting)} ${referenced}`,
      action(call, 'ON DELETE', operation.onDelete),
      action(call, 'ON UPDATE', operation.onUpdate),
    ]
      .filter((part) => part !== '')
      .join(' ')
    return isNew ? [add] : [add, orphans(operation)]
  },
  // The index that the server made for the key has the key's name, and stays behind when the key goes.
  revert: (operation) => {
    const table = `ALTER TABLE ${quoteTable(tableReference(operation.table, mysqlQuoting), mysqlQuoting)}`
    return {
      statements: [
        `${table} DROP FOREIGN KEY IF EXISTS ${keyName(operation)}`,
        `${table} DROP INDEX IF EXISTS ${keyName(operation)}`,
      ],
    }
  },
}

/** The first rows whose columns are all given and lead nowhere (MATCH SIMPLE, the only kind there is). */
function orphans({ table, columns, references }: AddForeignKey): string {
  const own = columns.map((column) => `c.${quoteName(column)}`)
  const parent = references.columns.map((column) => `p.${quoteName(column)}`)
  const child = tableReference(table, mysqlQuoting)
  const referenced = inSchemaOfChild(tableReference(references.table, mysqlQuoting), child)
  return [
    `SELECT ${MUST_BE_EMPTY} ${own.join(', ')} FROM ${quoteTable(child, mysqlQuoting)} AS c`,
    `WHERE ${own.map((column) => `${column} IS NOT NULL`).join(' AND ')}`,
    `AND NOT EXISTS (SELECT 1 FROM ${quoteTable(referenced, mysqlQuoting)} AS p`,
    `WHERE ${parent.map((column, i) => `${column} = ${own[i]}`).join(' AND ')}) LIMIT 10`,
  ].join(' ')
}

function keyName(operation: AddForeignKey): string {
  return quoteName(
    operation.name ??
      objectName(
        [tableReference(operation.table, mysqlQuoting).name, ...operation.columns],
        'fkey',
        MAX_IDENTIFIER_LENGTH,
      ),
  )
}

function action(call: string, clause: string, chosen: ReferentialAction | undefined): string {
  if (chosen === undefined) return ''
  if (!ACTIONS.includes(chosen)) {
    throw badArgument(
      call,
      `'${String(chosen)}' is no referential action of InnoDB`,
      `Choose one of ${ACTIONS.join(', ')}.`,
    )
  }
  return `${clause} ${chosen.toUpperCase()}`
}
