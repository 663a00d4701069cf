import { EXIT, PhasegateError, type Session } from '@phasegate/core'
import { mysqlQuoting } from '../quoting.js'
import { readDefinition, withNullability } from './column-definition.js'

const NAME = '(?:`(?:[^`]|``)+`|[0-9A-Za-z_$\\u0080-\\uffff]+)'
const COMPLETED = new RegExp(
  `^ALTER TABLE (${NAME}(?:\\.${NAME})?) MODIFY COLUMN (${NAME}) <definition> (NOT NULL|NULL)((?:, ?(?:ALGORITHM|LOCK) ?= ?\\w+)*)$`,
  'i',
)

/**
 * The statement as it runs: MODIFY wants the whole definition of its column repeated, which no file says. It is read from
 * SHOW CREATE TABLE, word for word, and only its nullability is another. A statement that is whole already stays.
 *
 * @param statement `` ALTER TABLE users MODIFY COLUMN email <definition> NOT NULL, ALGORITHM=INPLACE, LOCK=NONE ``
 * @throws `STEP.CONFLICT` where there is no such table or column
 */
export async function completeStatement(session: Session, statement: string): Promise<string> {
  const [, table, column, nullability, options] = COMPLETED.exec(statement) ?? []
  if (table === undefined || column === undefined) return statement
  const name = unquoted(column)
  const definition = await columnDefinition(session, table, name)
  if (definition === undefined) throw missingColumn(table, name)
  const wanted = withNullability(definition, nullability?.toUpperCase() === 'NOT NULL')
  return `ALTER TABLE ${table} MODIFY COLUMN ${column} ${wanted}${options ?? ''}`
}

async function columnDefinition(session: Session, table: string, column: string): Promise<string | undefined> {
  const [exists] = await session.query(
    `SELECT 1 AS there FROM information_schema.columns WHERE table_name = ? AND column_name = ?
       AND table_schema = ${schemaOf(table) === undefined ? 'DATABASE()' : mysqlQuoting.literal(schemaOf(table) ?? '')}`,
    [tableOf(table), column],
  )
  if (exists === undefined) return undefined
  const [row] = await session.query<{ 'Create Table'?: string }>(`SHOW CREATE TABLE ${table}`)
  return readDefinition(row?.['Create Table'] ?? '', column)
}

const parts = (table: string): readonly string[] =>
  (table.match(new RegExp(NAME, 'g')) ?? []).map((part) => unquoted(part))
const tableOf = (table: string): string => parts(table).at(-1) ?? ''
const schemaOf = (table: string): string | undefined => (parts(table).length > 1 ? parts(table)[0] : undefined)

function unquoted(name: string): string {
  return name.startsWith('`') ? name.slice(1, -1).replaceAll('``', '`') : name
}

function missingColumn(table: string, column: string): PhasegateError {
  return new PhasegateError({
    code: 'STEP.CONFLICT',
    message: `There is no column ${column} in ${table} whose nullability could be changed.`,
    next: ['Correct the name in the migration file, or run the migration that adds the column first.'],
    exit: EXIT.failed,
  })
}
