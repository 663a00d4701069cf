import { callText, type DropNotNull, type OperationCompiler, tableText } from '@phasegate/core'
import { withNullability } from './nullability.js'

/** Rebuilds the table beside all traffic, as the way back does. */
export const dropNotNull: OperationCompiler<DropNotNull> = {
  describe: ({ table, column }) => callText('dropNotNull', tableText(table), column),
  compile: ({ table, column }) => [withNullability(table, column, 'NULL')],
  revert: ({ table, column }) => ({
    impossible: `${tableText(table)}.${column} may hold NULL by then, so NOT NULL cannot simply be put back`,
  }),
}
