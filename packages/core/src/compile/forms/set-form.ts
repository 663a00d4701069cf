import type { TableName } from '../../authoring/operation.js'
import { quoteTable, tableReference } from '../../operations/table-reference.js'
import { readExpressions } from '../read-expressions.js'
import { withLocation } from '../with-location.js'
import { type FormReader, whereClause } from './form-reader.js'

/** `{ table, set, where }`: one expression a column, computed in the database. */
export const setForm: FormReader = {
  options: ['table', 'set'],
  read: (definition, { file, quoting, where, shape }) => {
    const table = withLocation({ file }, 'backfill', () => tableReference(definition.table as TableName, quoting))
    const set = readExpressions(definition.set, quoting)
    if (set === undefined) {
      throw shape('backfill.set wants an sql`…` expression for each column.', 'Write set: { plan: sql`…` }.')
    }
    const assignments = set.map(({ column, expression }) => `${quoting.identifier([column])} = ${expression}`)
    return {
      table,
      set,
      written: `UPDATE ${quoteTable(table, quoting)} SET ${assignments.join(', ')}${whereClause(where)}`,
    }
  },
}
