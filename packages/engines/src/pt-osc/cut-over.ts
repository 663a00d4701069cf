import { EXIT, PhasegateError, type TransactionOptions } from '@phasegate/core'
import type { Job } from '../engine.js'
import { oscNames } from './table-names.js'

/**
 * Swaps the copy in, which triggers have kept equal since it was complete. First it is looked whether it is: all triggers are there,
 * and both tables hold as many rows at one moment. Rows that break a unique key of the copy (by a new collation, for one) are left
 * out of it without a word.
 *
 * @throws `ENGINE.COPY_BROKEN`, `ENGINE.ROWS_DIFFER`; a lock timeout
 */
export async function cutOver({ target, session, table }: Job, limits: TransactionOptions): Promise<void> {
  const { copy, old, triggers } = oscNames(table)
  const there = await target.existing(session, table, { triggers, tables: [copy] })
  const gone = [...triggers, copy].filter((name) => !there.triggers.includes(name) && !there.tables.includes(name))
  if (gone.length > 0) throw copyBroken(table.name, gone)
  const [rows, copied] = (await target.countRows?.(session, table.schema, [table.name, copy])) ?? []
  if (rows !== copied) throw rowsDiffer(table.name, rows, copied)
  await target.refreshStatistics(session, { ...table, name: copy })
  await target.swap(session, table, { copy, old }, limits)
}

const WAY_OUT =
  'Run phasegate cancel for the unit: it removes the triggers first, then the copy; then run the same command again.'

function copyBroken(table: string, gone: readonly string[]): PhasegateError {
  return new PhasegateError({
    code: 'ENGINE.COPY_BROKEN',
    message: `The copy of ${table} is not kept equal any more: ${gone.join(', ')} ${gone.length === 1 ? 'is' : 'are'} gone.`,
    why: 'Somebody removed it after the copy was complete. What was written since is missing in the copy, so it was not swapped in.',
    next: [WAY_OUT],
    exit: EXIT.failed,
    meta: { table, gone },
  })
}

function rowsDiffer(table: string, rows: number | undefined, copied: number | undefined): PhasegateError {
  return new PhasegateError({
    code: 'ENGINE.ROWS_DIFFER',
    message: `The copy of ${table} has ${copied} rows where the table has ${rows}: it was not swapped in.`,
    why: 'Rows that are alike under a unique key of the new definition (a collation that tells less apart, for one) are left out of a copy without a word.',
    next: ['Look for rows that the new definition takes for the same, and correct them or the migration.', WAY_OUT],
    exit: EXIT.failed,
    meta: { table, rows, copied },
  })
}
