import { EXIT, type Gate, PhasegateError, type UsedObject } from '@phasegate/core'
import { destroyedBy } from './destroyed-by.js'
import { type UnusedOptions, unused } from './unused.js'

/**
 * Opens when no statement has used a column for so long, by the server's statement statistics: pg_stat_statements, or the
 * digests of performance_schema. What the statistics cannot prove is `unknown`, with the reason and the way out. The window
 * begins with the first run that records the gate, and anew where the column was used or the statistics have a gap.
 *
 * @param window `7d`: longer than the rarest job that may use it sleeps
 * @param options `columns`: default those that the contract destroys, `['users.verified_at']`
 * @throws `GATE.DURATION`, `GATE.OBJECT`
 * @example
 * gates: { contract: [columnUnused('7d')] }
 */
export function columnUnused(
  window: string,
  options: UnusedOptions & { readonly columns?: readonly string[] } = {},
): Gate {
  const columns = options.columns?.map(columnOf)
  const name = options.name ?? `columnUnused(${[...(options.columns ?? []), window].join(', ')})`
  return unused(name, window, (context) => columns ?? destroyedBy(context.unit, 'column'), options)
}

/** `users.verified_at`, `billing.invoice.total`. @throws `GATE.OBJECT` */
export function columnOf(text: string): UsedObject {
  const [column, table, schema, ...more] = text.split('.').reverse()
  if (!column || !table || schema === '' || more.length > 0)
    throw badObject(text, "users.verified_at' or 'billing.invoice.total")
  return { ...(schema === undefined ? {} : { schema }), table, column }
}

/** A name that a gate cannot read. */
export function badObject(text: string, example: string): PhasegateError {
  return new PhasegateError({
    code: 'GATE.OBJECT',
    message: `'${text}' is not the name that a gate wants.`,
    why: 'Names are written as the catalog holds them, without quotes, with dots in between.',
    next: [`Write for example '${example}'.`],
    exit: EXIT.usage,
  })
}
