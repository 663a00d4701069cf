import type { TableName } from '../authoring/operation.js'
import { isSqlFragment, type Quoting, renderSql } from '../authoring/sql.js'
import type { QualifiedName } from '../compiled/database-object.js'
import { nearestName } from '../nearest-name.js'
import { quoteTable, tableReference } from '../operations/table-reference.js'
import { PaceProblem, readThrottle, readWindows } from '../pace/read-pace.js'
import type { AuthoredBackfill } from './authored-migration.js'
import { migrationError } from './migration-errors.js'
import { readExpressions, unknownKey } from './read-expressions.js'
import { withLocation } from './with-location.js'

const OPTIONS = ['table', 'set', 'where', 'key', 'batch', 'once', 'only', 'throttle'] as const
const BATCH = ['size', 'time'] as const
/** Forms and options that the design has and this release does not. */
const LATER = ['select', 'map', 'from', 'into', 'onConflict', 'delete', 'verify', 'onError']

/**
 * Reads `backfill: { table, set, where, … }` of a TypeScript migration.
 *
 * @throws `BACKFILL.OPTION`, `BACKFILL.FORM`, `BACKFILL.SHAPE`
 */
export function readBackfill(value: unknown, file: string, quoting: Quoting): AuthoredBackfill | undefined {
  if (value === undefined) return undefined
  const where = { file }
  const shape = (message: string, next: string): Error => migrationError('BACKFILL.SHAPE', message, where, [next])
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw shape('backfill is not an object.', "Write backfill: { table: 'users', set: { plan: sql`'free'` } }.")
  }
  assertKnown(value, OPTIONS, 'backfill', file)
  const definition = value as Readonly<Record<string, unknown>>
  const table = withLocation(where, 'backfill', () => tableReference(definition.table as TableName, quoting))
  const set = readExpressions(definition.set, quoting)
  if (set === undefined) {
    throw shape('backfill.set wants an sql`…` expression for each column.', 'Write set: { plan: sql`…` }.')
  }
  const condition = definition.where
  if (condition !== undefined && !isSqlFragment(condition)) {
    throw shape('backfill.where is not an sql`…` fragment.', 'Write where: sql`plan IS NULL`.')
  }
  const { key, once, batch = {} } = definition
  if (key !== undefined && (typeof key !== 'string' || key === '')) {
    throw shape('backfill.key is not the name of a column.', "Write key: 'id', or leave it out.")
  }
  if (once !== undefined && typeof once !== 'boolean')
    throw shape('backfill.once is true or false.', 'Write once: true.')
  const text = condition === undefined ? undefined : renderSql(condition, quoting).trim()
  return {
    table,
    set,
    ...(text === undefined ? {} : { where: text }),
    ...(key === undefined ? {} : { key }),
    ...readBatch(batch, file),
    ...readPace(definition, file),
    once: once ?? false,
    written: writtenUpdate(table, set, text, quoting),
    location: where,
  }
}

function readBatch(batch: unknown, file: string): Pick<AuthoredBackfill, 'size' | 'time'> {
  if (typeof batch !== 'object' || batch === null) {
    throw migrationError('BACKFILL.SHAPE', 'backfill.batch is not an object.', { file }, [
      'Write batch: { size: 1000 }.',
    ])
  }
  assertKnown(batch, BATCH, 'backfill.batch', file)
  for (const [option, value] of Object.entries(batch)) {
    if (value === undefined || (Number.isSafeInteger(value) && value > 0)) continue
    throw migrationError('BACKFILL.SHAPE', `backfill.batch.${option} is not a whole number above 0.`, { file }, [
      'size is in rows, time in ms.',
    ])
  }
  const { size, time } = batch as { size?: number; time?: number }
  return { ...(size === undefined ? {} : { size }), ...(time === undefined ? {} : { time }) }
}

function readPace(
  definition: Readonly<Record<string, unknown>>,
  file: string,
): Pick<AuthoredBackfill, 'only' | 'throttle'> {
  const read = <T>(option: 'only' | 'throttle', reader: (value: unknown) => T): { [key in typeof option]?: T } => {
    if (definition[option] === undefined) return {}
    try {
      return { [option]: reader(definition[option]) }
    } catch (error) {
      if (!(error instanceof PaceProblem)) throw error
      const at = ['backfill', option, ...error.path].join('.')
      throw migrationError('BACKFILL.SHAPE', `${at} must be ${error.expected}.`, { file }, [`Correct ${at}.`], {
        cause: error,
      })
    }
  }
  return { ...read('only', readWindows), ...read('throttle', readThrottle) } as Pick<
    AuthoredBackfill,
    'only' | 'throttle'
  >
}

function assertKnown(value: object, known: readonly string[], what: string, file: string): void {
  const unknown = unknownKey(value, known)
  if (unknown === undefined) return
  if (LATER.includes(unknown)) {
    throw migrationError(
      'BACKFILL.FORM',
      `The backfill option '${unknown}' is not available in this release.`,
      { file },
      ['The form is { table, set, where, key, batch, once }.'],
    )
  }
  const nearest = nearestName(unknown, known)
  throw migrationError('BACKFILL.OPTION', `There is no option '${unknown}' in ${what}.`, { file }, [
    nearest === undefined ? `The options are ${known.join(', ')}.` : `Did you mean '${nearest}'?`,
  ])
}

function writtenUpdate(
  table: QualifiedName,
  set: AuthoredBackfill['set'],
  where: string | undefined,
  quoting: Quoting,
): string {
  const assignments = set.map(({ column, expression }) => `${quoting.identifier([column])} = ${expression}`)
  const condition = where === undefined ? '' : ` WHERE ${where}`
  return `UPDATE ${quoteTable(table, quoting)} SET ${assignments.join(', ')}${condition}`
}
