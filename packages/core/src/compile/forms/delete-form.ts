import type { TableName } from '../../authoring/operation.js'
import { quoteTable, tableReference } from '../../operations/table-reference.js'
import { withLocation } from '../with-location.js'
import { type FormReader, whereClause } from './form-reader.js'

/** `{ table, delete: true, where }`: rows removed in batches. */
export const deleteForm: FormReader = {
  options: ['table', 'delete'],
  refuses: { once: 'a row is removed once by nature' },
  read: (definition, { file, quoting, where, shape }) => {
    const table = withLocation({ file }, 'backfill', () => tableReference(definition.table as TableName, quoting))
    if (definition.delete !== true) throw shape('backfill.delete is not true.', 'Write delete: true.')
    if (where === undefined) {
      throw shape(
        'A backfill that deletes has no where.',
        'Write where: sql`…` for the rows to remove; a table of which no row is to stay is emptied in contract (TRUNCATE).',
      )
    }
    return {
      table,
      form: { kind: 'delete' },
      set: [],
      written: `DELETE FROM ${quoteTable(table, quoting)}${whereClause(where)}`,
    }
  },
}
