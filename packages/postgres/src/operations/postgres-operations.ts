import type { OperationCompilers } from '@phasegate/core'
import { addCheck } from './add-check.js'
import { addColumn } from './add-column.js'
import { addEnumValue } from './add-enum-value.js'
import { addForeignKey } from './add-foreign-key.js'
import { addUnique } from './add-unique.js'
import { alterTable } from './alter-table.js'
import { createIndex } from './create-index.js'
import { createTable } from './create-table.js'
import { dropColumn } from './drop-column.js'
import { dropConstraint } from './drop-constraint.js'
import { dropDefault } from './drop-default.js'
import { dropIndex } from './drop-index.js'
import { dropNotNull } from './drop-not-null.js'
import { dropTable } from './drop-table.js'
import { repack } from './repack.js'
import { setDefault } from './set-default.js'
import { setNotNull } from './set-not-null.js'

/** Here an operation is added: its kind, and the file that compiles it. */
export const postgresOperations: OperationCompilers = {
  addCheck,
  addColumn,
  addEnumValue,
  addForeignKey,
  addUnique,
  alterTable,
  createIndex,
  createTable,
  dropColumn,
  dropConstraint,
  dropDefault,
  dropIndex,
  dropNotNull,
  dropTable,
  repack,
  setDefault,
  setNotNull,
}
