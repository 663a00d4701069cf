import { callText, type OperationCompiler, type Repack, tableText } from '@phasegate/core'

/** Done by pg_repack; there is no statement that does it beside traffic. A table that was written anew stays so. */
export const repack: OperationCompiler<Repack> = {
  describe: ({ table }) => callText('repack', tableText(table)),
  compile: () => [],
  revert: () => ({ statements: [] }),
}
