import type { SourceLocation } from '../error/phasegate-error.js'
import { nearestName } from '../nearest-name.js'
import type { SqlLanguage } from '../ports/sql-language.js'
import { sqlFileError } from './sql-file-errors.js'

/** How a backfill is cut into batches. */
export interface BatchSetting {
  /** Columns to walk by. */
  readonly key?: readonly string[]
  /** Rows of the first batch. */
  readonly size?: number
  /** Target time of one batch in ms. */
  readonly time?: number
  readonly once?: boolean
}

const OPTIONS = ['key', 'size', 'time', 'once']

const QUOTED = '"(?:[^"]|"")+"|`(?:[^`]|``)+`'

/** `once`, `size=1000`, `key="My Id"`, `key=(tenant, "My Id")`. */
const ENTRY = new RegExp(`[^\\s,="]*(?:=(?:${QUOTED})|=\\((?:${QUOTED}|[^"\`()])*\\)|=[^\\s,]*)?`, 'g')

const NAME = `(?:${QUOTED}|[^\\s,"\`()]+)`
const LIST = new RegExp(`^\\(\\s*${NAME}(?:\\s*,\\s*${NAME})*\\s*\\)$`)

/**
 * Reads `key=id size=1000 time=250 once`. A key may be quoted as in SQL, and several columns stand in parentheses.
 *
 * @throws `MIGRATION.UNKNOWN_SETTING`, `MIGRATION.BAD_SETTING`
 */
export function readBatch(value: string, where: SourceLocation, language: Pick<SqlLanguage, 'readName'>): BatchSetting {
  const batch: { key?: readonly string[]; size?: number; time?: number; once?: boolean } = {}
  for (const entry of (value.match(ENTRY) ?? []).filter((part) => part !== '')) {
    const equals = entry.indexOf('=')
    const option = equals === -1 ? entry : entry.slice(0, equals)
    const written = equals === -1 ? undefined : entry.slice(equals + 1)
    if (Object.hasOwn(batch, option)) {
      throw sqlFileError('MIGRATION.BAD_SETTING', `batch names ${option} twice.`, where, ['Keep one of the two.'])
    }
    if (option === 'key' && written !== undefined && written !== '')
      batch.key = names(written, where).map(language.readName)
    else if ((option === 'size' || option === 'time') && written !== undefined)
      batch[option] = count(option, written, where)
    else if (option === 'once' && written === undefined) batch.once = true
    else throw unknownOption(option, entry, where)
  }
  if (Object.keys(batch).length === 0) throw unknownOption('', value, where)
  return batch
}

/** The names in `id` and in `(tenant, "My Id")`, as they are written. */
function names(written: string, where: SourceLocation): readonly string[] {
  if (!written.startsWith('(')) return [written]
  if (!LIST.test(written)) throw unknownOption('key', `key=${written}`, where)
  return written.match(new RegExp(NAME, 'g')) ?? []
}

function count(option: string, written: string, where: SourceLocation): number {
  const value = Number(written)
  if (/^\d+$/.test(written) && Number.isSafeInteger(value) && value > 0) return value
  throw sqlFileError('MIGRATION.BAD_SETTING', `batch ${option} is a whole number above 0, not '${written}'.`, where, [
    option === 'size' ? 'Write rows: size=1000.' : 'Write milliseconds: time=250.',
  ])
}

function unknownOption(option: string, entry: string, where: SourceLocation): Error {
  if (OPTIONS.includes(option) || option === '') {
    return sqlFileError('MIGRATION.BAD_SETTING', `batch cannot be read at '${entry}'.`, where, [
      'Write -- batch: key=id size=1000 time=250 once, or some of these; several columns are key=(tenant_id, id).',
    ])
  }
  const nearest = nearestName(option, OPTIONS)
  return sqlFileError('MIGRATION.UNKNOWN_SETTING', `batch has no option '${option}'.`, where, [
    nearest === undefined ? `The options are ${OPTIONS.join(', ')}.` : `Did you mean '${nearest}'?`,
  ])
}
