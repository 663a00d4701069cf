import { badArgument } from '@phasegate/core'
import { quoteName } from '../quoting.js'

/** `(a, "B")`; throws `OPERATION.ARGUMENT` for anything but a list of at least one name. */
export function columnList(call: string, columns: readonly string[]): string {
  if (!Array.isArray(columns) || columns.length === 0) {
    throw badArgument(call, 'a list of at least one column is expected', "Write the columns as a list: ['email'].")
  }
  return `(${columns.map((column) => quoteName(column)).join(', ')})`
}
