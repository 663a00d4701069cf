import { callText, type OperationCompiler, type SetNotNull, tableText } from '@phasegate/core'
import { withNullability } from './nullability.js'

/**
 * Rebuilds the table beside all traffic (INPLACE, LOCK=NONE). Strict `sql_mode`, which our sessions have, makes a NULL that
 * is there an error; without it the server would write '' or 0 in its place.
 */
export const setNotNull: OperationCompiler<SetNotNull> = {
  describe: ({ table, column }) => callText('setNotNull', tableText(table), column),
  compile: ({ table, column }) => [withNullability(table, column, 'NOT NULL')],
  revert: ({ table, column }) => ({ statements: [withNullability(table, column, 'NULL')] }),
}
