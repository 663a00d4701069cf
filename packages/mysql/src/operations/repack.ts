import { callText, type OperationCompiler, type Repack, type TableName, tableText, unsupported } from '@phasegate/core'

/** pg_repack is PostgreSQL's; here any engine that copies a table gives its room back. */
export const repack: OperationCompiler<Repack> = {
  describe: ({ table }) => callText('repack', tableText(table)),
  compile: (operation) => {
    throw unsupported(
      `${repack.describe(operation)} is for PostgreSQL.`,
      'MySQL and MariaDB write a table anew by ALTER TABLE … ENGINE=InnoDB, which needs no operation of its own.',
      [
        `Write ops.alterTable(${asWritten(operation.table)}, 'ENGINE=InnoDB'), which an engine takes where the table is large.`,
      ],
    )
  },
  revert: () => ({ statements: [] }),
}

function asWritten(table: TableName): string {
  return typeof table === 'string' ? `'${table}'` : `{ schema: '${table.schema}', table: '${table.table}' }`
}
