import { type CompiledBackfill, EXIT, type LockHolder, PhasegateError, type UnitId, unitName } from '@phasegate/core'

const describeTable = ({ table }: CompiledBackfill): string =>
  table.schema === undefined ? table.name : `${table.schema}.${table.name}`

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const resume = ({ migration }: UnitId): string => `phasegate backfill ${migration}`

export function rowFailed(unit: UnitId, backfill: CompiledBackfill, key: string, cause: unknown): PhasegateError {
  return new PhasegateError({
    code: 'BACKFILL.ROW',
    message: `The backfill ${unitName(unit)} cannot change the row with key ${key} of ${describeTable(backfill)}: ${said(cause)}.`,
    why: 'The rows before it are done and stay done; this one and those after it are as they were.',
    next: [
      `Correct the row, or the expression or condition in the file, then: ${resume(unit)}. It goes on from that row.`,
    ],
    exit: EXIT.failed,
    meta: { table: describeTable(backfill), key },
    cause,
  })
}

/** Keys that a message names at most. */
const NAMED_KEYS = 10

/** @param threw it is the function that threw `cause`, for one of these rows at least */
export function mapFailed(
  backfill: CompiledBackfill,
  keys: readonly string[],
  why: string,
  cause?: unknown,
  threw = false,
): PhasegateError {
  const more = keys.length > NAMED_KEYS ? ` and ${keys.length - NAMED_KEYS} more` : ''
  return new PhasegateError({
    code: 'BACKFILL.MAP',
    message: `The map of the backfill of ${describeTable(backfill)} failed: ${why}.`,
    why: `It was given the row${keys.length === 1 ? '' : 's'} with the key${keys.length === 1 ? '' : 's'} ${keys.slice(0, NAMED_KEYS).join(', ')}${more}. Nothing of them was written; the batches before are done.`,
    next: [
      'Correct the function in the file; where it then gives other values for rows that are done, give it another version.',
      'Run the backfill again: it goes on from these rows.',
    ],
    exit: EXIT.failed,
    meta: { table: describeTable(backfill), keys: keys.slice(0, NAMED_KEYS), ...(threw ? { threw } : {}) },
    ...(backfill.location === undefined ? {} : { where: backfill.location }),
    ...(cause === undefined ? {} : { cause }),
  })
}

export function quarantineFull(
  unit: UnitId,
  backfill: CompiledBackfill,
  found: { readonly limit: number; readonly keys: readonly string[]; readonly key: string },
  cause: unknown,
): PhasegateError {
  const { limit, key } = found
  const keys = found.keys.slice(0, NAMED_KEYS)
  return new PhasegateError({
    code: 'BACKFILL.QUARANTINE_FULL',
    message: `More than ${limit} rows of ${describeTable(backfill)} cannot be changed by ${unitName(unit)}; the next one has the key ${key}: ${said(cause)}.`,
    why: `So many are in quarantine already, for example those with the keys ${keys.join(', ')}. All others before it are done and stay done.`,
    next: [
      'Look whether the expression in the file is right for these rows.',
      `Correct the rows, or raise the limit in the file, then: ${resume(unit)}. It goes on from that row and tries those in quarantine again.`,
    ],
    exit: EXIT.failed,
    meta: { table: describeTable(backfill), limit, key, keys },
    cause,
  })
}

/** @param limitMs what one statement may take */
export function tooSlow(
  backfill: CompiledBackfill,
  end: string | undefined,
  limitMs: number,
  cause: unknown,
): PhasegateError {
  return new PhasegateError({
    code: 'BACKFILL.TOO_SLOW',
    message: `A statement of the backfill of ${describeTable(backfill)} takes more than ${limitMs / 1000} s for one key${end === undefined ? '' : ` (${end})`}, each time.`,
    why: 'Batches were made smaller down to a single key, and that one was tried several times. Nothing of it is changed; the batches before are done.',
    next: [
      'Look with EXPLAIN what the expression, the condition, a trigger or a foreign key without an index reads for each row.',
      'Make it cheaper, then run the same command again: it goes on from where it stopped.',
    ],
    exit: EXIT.failed,
    meta: { table: describeTable(backfill), key: end ?? null, limitMs },
    ...(backfill.location === undefined ? {} : { where: backfill.location }),
    cause,
  })
}

export function stuck(
  unit: UnitId,
  backfill: CompiledBackfill,
  minutes: number,
  holders: readonly LockHolder[],
  cause: unknown,
): PhasegateError {
  const named = holders.map(
    (holder) =>
      `session ${holder.backend.id} of ${holder.user} (${holder.application}, ${holder.client}, ${holder.state}, in transaction for ${Math.round(holder.transactionSeconds)} s): ${holder.query}`,
  )
  return new PhasegateError({
    code: 'BACKFILL.STUCK',
    message: `The backfill ${unitName(unit)} got no further for ${minutes} min: ${said(cause)}.`,
    why:
      named.length === 0
        ? `No session was seen to hold what it needs of ${describeTable(backfill)}.`
        : `It gives way to ${named.join('; ')}.`,
    next: [`Let that transaction end, or end it, then: ${resume(unit)}. It goes on from where it stopped.`],
    exit: EXIT.failed,
    meta: { table: describeTable(backfill), holders },
    cause,
  })
}

export function mismatch(
  unit: UnitId,
  backfill: CompiledBackfill,
  found: { readonly mismatches: number; readonly sampleKeys: readonly string[]; readonly passes: number },
): PhasegateError {
  return new PhasegateError({
    code: 'BACKFILL.MISMATCH',
    message: `After ${found.passes} passes of ${unitName(unit)} there are still rows of ${describeTable(backfill)} that differ from their expression (at least ${found.mismatches}).`,
    why: `Something still writes the old shape only. Keys, for example: ${found.sampleKeys.join(', ')}.`,
    next: [
      'Roll out the build that writes both shapes, or give the migration a sync.',
      `Then: ${resume(unit)}. It writes only the rows that differ.`,
    ],
    exit: EXIT.failed,
    meta: { table: describeTable(backfill), ...found },
  })
}

export function changedOnce(unit: UnitId, rows: number): PhasegateError {
  return new PhasegateError({
    code: 'BACKFILL.CHANGED',
    message: `The file of ${unitName(unit)} was changed after it had changed ${rows} rows, and it says once: true.`,
    why: 'Running another expression over rows that the first one has changed already would change them twice.',
    next: ['Put the file back as it was and let it end, then write another migration for what is to be different.'],
    exit: EXIT.drift,
  })
}

export function keyChangedOnce(unit: UnitId, rows: number, was: string | null, is: string): PhasegateError {
  return new PhasegateError({
    code: 'BACKFILL.KEY_CHANGED',
    message: `The backfill ${unitName(unit)} had changed ${rows} rows by the key ${was} and would go on by ${is}; it says once: true.`,
    why: 'How far it got is known by the first key alone. Walking the table by another one would change rows twice.',
    next: [
      `Bring back the unique index that it began with, or drop the one that is preferred now, then: ${resume(unit)}. It goes on from where it stopped.`,
    ],
    exit: EXIT.drift,
    meta: { was, is },
  })
}
