import type { TableName } from '../../authoring/operation.js'
import type { Quoting } from '../../authoring/sql.js'
import type { CopyForm } from '../../compiled/backfill-form.js'
import { quoteTable, tableReference } from '../../operations/table-reference.js'
import { migrationError } from '../migration-errors.js'
import { readExpressions, unknownKey } from '../read-expressions.js'
import { withLocation } from '../with-location.js'
import { type FormReader, type FormSource, whereClause } from './form-reader.js'

const SHAPE = "Write onConflict: { columns: ['id'], do: 'nothing' }, or do: 'update'."

/** `{ from, into, select, where, onConflict, dualWrite: true }`: another table is filled. */
export const copyForm: FormReader = {
  options: ['from', 'into', 'select', 'onConflict', 'dualWrite'],
  refuses: { once: 'a row that is there already is found by the columns of onConflict' },
  read: (definition, source) => {
    const { file, quoting, where, shape } = source
    const table = withLocation({ file }, 'backfill.from', () => tableReference(definition.from as TableName, quoting))
    const into = withLocation({ file }, 'backfill.into', () => tableReference(definition.into as TableName, quoting))
    if (quoteTable(table, quoting) === quoteTable(into, quoting))
      throw shape('backfill.into is the table that it reads from.', 'Fill columns of one table with { table, set }.')
    const select = readExpressions(definition.select, quoting)
    if (select === undefined) {
      throw shape(
        'backfill.select wants an sql`…` expression over a row of from for each column of into.',
        'Write select: { user_id: sql`id`, email: sql`email` }.',
      )
    }
    const onConflict = readConflict(definition.onConflict, select, source)
    if (definition.dualWrite !== true) throw noDualWrite(definition.dualWrite, file)
    const form: CopyForm = { kind: 'copy', into, select, onConflict }
    return { table, form, set: [], written: writtenInsert(quoteTable(table, quoting), form, where, quoting) }
  },
}

function readConflict(value: unknown, select: CopyForm['select'], { shape }: FormSource): CopyForm['onConflict'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw shape('backfill.onConflict is not an object.', SHAPE)
  const unknown = unknownKey(value, ['columns', 'do'])
  if (unknown !== undefined) throw shape(`There is no option '${unknown}' in backfill.onConflict.`, SHAPE)
  const { columns, do: what } = value as { readonly columns?: unknown; readonly do?: unknown }
  if (!Array.isArray(columns) || columns.length === 0 || !columns.every((name) => typeof name === 'string'))
    throw shape('backfill.onConflict.columns is not a list of column names.', SHAPE)
  if (what !== 'nothing' && what !== 'update')
    throw shape("backfill.onConflict.do is neither 'nothing' nor 'update'.", SHAPE)
  const left = columns.find((name) => !select.some(({ column }) => column === name))
  if (left !== undefined) {
    throw shape(
      `backfill.onConflict names ${left}, which select does not fill.`,
      `Give it a value: select: { ${left}: sql\`…\` }.`,
    )
  }
  return { columns: [...new Set<string>(columns)], do: what }
}

function noDualWrite(value: unknown, file: string): Error {
  const said = value === undefined ? 'says nothing of dualWrite' : 'does not say dualWrite: true'
  return migrationError(
    'BACKFILL.DUAL_WRITE',
    `The backfill fills another table and ${said}.`,
    { file },
    [
      'Let the code that is deployed write both tables in one transaction, then say so: dualWrite: true.',
      'Where nothing writes the first table any more, the same word is true.',
    ],
    {
      why: 'A row that is written after its range was walked reaches the other table only if the application writes it there too; no sync spans two tables.',
    },
  )
}

function writtenInsert(from: string, form: CopyForm, where: string | undefined, quoting: Quoting): string {
  const names = (columns: readonly string[]): string => columns.map((name) => quoting.identifier([name])).join(', ')
  const { into, select, onConflict } = form
  const expressions = select.map(({ expression }) => expression).join(', ')
  const others = select.filter(({ column }) => !onConflict.columns.includes(column)).map(({ column }) => column)
  const what =
    onConflict.do === 'nothing' || others.length === 0 ? 'leave it as it is' : `update ${names(others)} of it`
  return `INSERT INTO ${quoteTable(into, quoting)} (${names(select.map(({ column }) => column))}) SELECT ${expressions} FROM ${from}${whereClause(where)}; where ${names(onConflict.columns)} is there already: ${what}`
}
