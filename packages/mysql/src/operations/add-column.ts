import {
  type AddColumn,
  badArgument,
  callText,
  type OperationCompiler,
  quoteTable,
  tableReference,
  tableText,
  unsafe,
} from '@phasegate/core'
import { readExpression } from '../parse/read-expression.js'
import { mysqlQuoting, quoteName } from '../quoting.js'
import type { Capabilities } from '../server/capabilities.js'
import { assertColumnType } from './column-type.js'
import { defaultText, isCurrentTime, isLiteral, plainText } from './default-text.js'
import { inBrackets } from './in-brackets.js'

/** MySQL gives these no literal as a default (error 1101), only an expression in brackets. */
const TEXT_LIKE = /^(?:tiny|medium|long)?(?:text|blob)\b|^(?:json|geometry|point|vector)\b/i

/**
 * By INSTANT, with or without a default, as long as that is a literal or the current time. What the server would have to
 * compute for each row copies the table.
 */
export function addColumn(can: Capabilities): OperationCompiler<AddColumn> {
  const self: OperationCompiler<AddColumn> = {
    describe: ({ table, column, type, default: value, notNull }) =>
      callText(
        'addColumn',
        tableText(table),
        column,
        type,
        value === undefined ? undefined : `default ${plainText(value)}`,
        notNull === true ? 'not null' : undefined,
      ),
    compile: (operation, context) => {
      const reference = tableReference(operation.table, mysqlQuoting)
      if (typeof operation.type !== 'string' || operation.type.trim() === '') {
        throw badArgument(self.describe(operation), 'the type is missing', "Write it as the server does: 'boolean'.")
      }
      const type = operation.type.trim()
      const isNew = context.isNewTable(reference)
      assertColumnType(self.describe(operation), type, isNew, context.file)
      const value = columnDefault(operation, type)
      if (!isNew) assertNoCopy(operation, value, context.file)
      const definition = [
        quoteName(operation.column),
        type,
        operation.notNull === true ? 'NOT NULL' : '',
        value === undefined ? '' : `DEFAULT ${value}`,
      ]
      return [
        `ALTER TABLE ${quoteTable(reference, mysqlQuoting)} ADD COLUMN ${definition.filter((part) => part !== '').join(' ')}`,
      ]
    },
    revert: ({ table, column }) => ({
      statements: [
        `ALTER TABLE ${quoteTable(tableReference(table, mysqlQuoting), mysqlQuoting)} DROP COLUMN IF EXISTS ${quoteName(column)}`,
      ],
    }),
  }
  return self

  function columnDefault({ default: value }: AddColumn, type: string): string | undefined {
    if (value === undefined) return undefined
    const text = defaultText(value)
    const needsBrackets =
      !can.instantExpressionDefault && TEXT_LIKE.test(type) && isLiteral(text) && !/^null$/i.test(text)
    return needsBrackets ? inBrackets(text) : text
  }

  function assertNoCopy(operation: AddColumn, value: string | undefined, file: string): void {
    const name = `${tableText(operation.table)}.${operation.column}`
    if (operation.notNull === true && (value === undefined || value.toUpperCase() === 'NULL')) {
      throw unsafe(
        `${name} cannot be added as NOT NULL without a default.`,
        "Rows that exist would get '' or 0 without a word, and an INSERT of the old code, which does not write the column, is refused.",
        [
          'Add it without notNull, fill it in the backfill, and use ops.setNotNull in contract.',
          'Or give a constant default.',
        ],
      )
    }
    if (value === undefined || isLiteral(value) || isCurrentTime(value)) return
    const volatile = readExpression(value, file).volatile
    if (can.instantExpressionDefault && !volatile) return
    throw unsafe(
      volatile
        ? `The default of ${name} gives another value each time (${value}), and rows that exist would be copied or all get the same one.`
        : `The default of ${name} is an expression (${value}), which would copy the whole table while its writers wait.`,
      'The server computes it for rows that exist (MySQL Reference Manual, "Online DDL Operations").',
      [
        `In expand: ops.addColumn('${tableText(operation.table)}', '${operation.column}', '${operation.type}')`,
        `In expand: ops.setDefault('${tableText(operation.table)}', '${operation.column}', sql\`${value}\`)`,
        `In backfill: set: { ${operation.column}: sql\`${value}\` }, where: sql\`${operation.column} IS NULL\``,
      ],
    )
  }
}
