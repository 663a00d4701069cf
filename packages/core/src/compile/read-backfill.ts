import { isSqlFragment, type Quoting, renderSql } from '../authoring/sql.js'
import { nearestName } from '../nearest-name.js'
import type { AuthoredBackfill } from './authored-migration.js'
import { copyForm } from './forms/copy-form.js'
import { deleteForm } from './forms/delete-form.js'
import type { FormReader } from './forms/form-reader.js'
import { mapForm } from './forms/map-form.js'
import { setForm } from './forms/set-form.js'
import { migrationError } from './migration-errors.js'
import { unknownKey } from './read-expressions.js'
import { readOnError } from './read-on-error.js'
import { readPaceOptions } from './read-pace-options.js'

/** What every form takes. */
const COMMON = ['where', 'key', 'batch', 'once', 'only', 'throttle', 'onError'] as const
const BATCH = ['size', 'time'] as const
/** Options that the design has and this release does not. */
const LATER = ['verify']

/** The first option of these that stands in a definition says which form it is. */
const FORMS: readonly (readonly [option: string, reader: FormReader])[] = [
  ['delete', deleteForm],
  ['map', mapForm],
  ['from', copyForm],
  ['into', copyForm],
]

/**
 * Reads the `backfill` of a TypeScript migration, in any of its forms.
 *
 * @throws `BACKFILL.OPTION`, `BACKFILL.FORM`, `BACKFILL.SHAPE`
 */
export function readBackfill(value: unknown, file: string, quoting: Quoting): AuthoredBackfill | undefined {
  if (value === undefined) return undefined
  const shape = (message: string, next: string) => migrationError('BACKFILL.SHAPE', message, { file }, [next])
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw shape('backfill is not an object.', "Write backfill: { table: 'users', set: { plan: sql`'free'` } }.")
  }
  const definition = value as Readonly<Record<string, unknown>>
  const reader = FORMS.find(([option]) => definition[option] !== undefined)?.[1] ?? setForm
  assertOptions(definition, reader, file)
  const { where: condition, key, once, batch = {} } = definition
  if (condition !== undefined && !isSqlFragment(condition)) {
    throw shape('backfill.where is not an sql`…` fragment.', 'Write where: sql`plan IS NULL`.')
  }
  const columns = key === undefined ? undefined : keyColumns(key)
  if (key !== undefined && columns === undefined) {
    throw shape(
      'backfill.key is not the name of a column, nor a list of them.',
      "Write key: 'id', or key: ['tenant_id', 'id'], or leave it out.",
    )
  }
  if (once !== undefined && typeof once !== 'boolean')
    throw shape('backfill.once is true or false.', 'Write once: true.')
  const where = condition === undefined ? undefined : renderSql(condition, quoting).trim()
  return {
    ...reader.read(definition, { file, quoting, where, shape }),
    ...(where === undefined ? {} : { where }),
    ...(columns === undefined ? {} : { key: columns }),
    ...readBatch(batch, file),
    ...readPaceOptions(definition, file),
    ...readOnError(definition.onError, shape),
    once: once ?? false,
    location: { file },
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

function assertOptions(
  definition: Readonly<Record<string, unknown>>,
  { options, refuses = {} }: FormReader,
  file: string,
): void {
  const known = [...options, ...COMMON]
  for (const [option, reason] of Object.entries(refuses)) {
    if (definition[option] === undefined) continue
    throw migrationError('BACKFILL.FORM', `backfill.${option} has no meaning in this form: ${reason}.`, { file }, [
      `Leave ${option} out.`,
    ])
  }
  const unknown = unknownKey(definition, known)
  const ofAnother = [setForm, ...FORMS.map(([, reader]) => reader)].some(
    (reader) => unknown !== undefined && reader.options.includes(unknown),
  )
  if (ofAnother) {
    throw migrationError(
      'BACKFILL.FORM',
      `backfill.${unknown} belongs to another form than ${options.join(', ')}.`,
      { file },
      [`Leave it out, or write the other form; this one takes ${known.join(', ')}.`],
    )
  }
  assertKnown(definition, known, 'backfill', file)
}

function assertKnown(value: object, known: readonly string[], what: string, file: string): void {
  const unknown = unknownKey(value, known)
  if (unknown === undefined) return
  if (LATER.includes(unknown)) {
    throw migrationError(
      'BACKFILL.FORM',
      `The backfill option '${unknown}' is not available in this release.`,
      { file },
      [`The options are ${known.join(', ')}.`],
    )
  }
  const nearest = nearestName(unknown, known)
  throw migrationError('BACKFILL.OPTION', `There is no option '${unknown}' in ${what}.`, { file }, [
    nearest === undefined ? `The options are ${known.join(', ')}.` : `Did you mean '${nearest}'?`,
  ])
}

function keyColumns(key: unknown): readonly string[] | undefined {
  const columns: readonly unknown[] = Array.isArray(key) ? key : [key]
  const named = columns.filter((column): column is string => typeof column === 'string' && column !== '')
  return named.length === columns.length && named.length > 0 && new Set(named).size === named.length ? named : undefined
}
