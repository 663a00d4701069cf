import type { Gate, UsedObject } from '@phasegate/core'
import { badObject } from './column-unused.js'
import { destroyedBy } from './destroyed-by.js'
import { type UnusedOptions, unused } from './unused.js'

/**
 * Opens when no statement has named a table for so long. As `columnUnused`; VACUUM and ANALYZE do not count.
 *
 * @param options `tables`: default those that the contract destroys
 * @throws `GATE.DURATION`, `GATE.OBJECT`
 * @example
 * gates: { contract: [tableUnused('30d', { tables: ['billing.old_invoice'] })] }
 */
export function tableUnused(
  window: string,
  options: UnusedOptions & { readonly tables?: readonly string[] } = {},
): Gate {
  const tables = options.tables?.map(tableOf)
  const name = options.name ?? `tableUnused(${[...(options.tables ?? []), window].join(', ')})`
  return unused(name, window, (context) => tables ?? destroyedBy(context.unit, 'table'), options)
}

function tableOf(text: string): UsedObject {
  const [table, schema, ...more] = text.split('.').reverse()
  if (!table || schema === '' || more.length > 0) throw badObject(text, "old_users' or 'billing.old_invoice")
  return { ...(schema === undefined ? {} : { schema }), table }
}
