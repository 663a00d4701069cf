import { readOnError } from '../compile/read-on-error.js'
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
  /** Rows that may be recorded and gone past where they cannot be changed. */
  readonly quarantine?: { readonly limit: number }
}

const OPTIONS = ['key', 'size', 'time', 'once', 'onError']

const QUOTED = '"(?:[^"]|"")+"|`(?:[^`]|``)+`'

/** `once`, `size=1000`, `key="My Id"`, `key=(tenant, "My Id")`. */
const ENTRY = new RegExp(`[^\\s,="]*(?:=(?:${QUOTED})|=\\((?:${QUOTED}|[^"\`()])*\\)|=[^\\s,]*)?`, 'g')

const NAME = `(?:${QUOTED}|[^\\s,"\`()]+)`
const LIST = new RegExp(`^\\(\\s*${NAME}(?:\\s*,\\s*${NAME})*\\s*\\)$`)

/**
 * Reads `key=id size=1000 time=250 once onError=quarantine(200)`. A key may be quoted as in SQL, and several columns stand in parentheses.
 *
 * @throws `MIGRATION.UNKNOWN_SETTING`, `MIGRATION.BAD_SETTING`
 */
export function readBatch(value: string, where: SourceLocation, language: Pick<SqlLanguage, 'readName'>): BatchSetting {
  const batch: { -readonly [option in keyof BatchSetting]: BatchSetting[option] } = {}
  const seen = new Set<string>()
  for (const entry of (value.match(ENTRY) ?? []).filter((part) => part !== '')) {
    const equals = entry.indexOf('=')
    const option = equals === -1 ? entry : entry.slice(0, equals)
    const written = equals === -1 ? undefined : entry.slice(equals + 1)
    if (seen.has(option)) {
      throw sqlFileError('MIGRATION.BAD_SETTING', `batch names ${option} twice.`, where, ['Keep one of the two.'])
    }
    seen.add(option)
    if (option === 'key' && written !== undefined && written !== '')
      batch.key = names(written, where).map(language.readName)
    else if ((option === 'size' || option === 'time') && written !== undefined)
      batch[option] = count(option, written, where)
    else if (option === 'once' && written === undefined) batch.once = true
    else if (option === 'onError' && written !== undefined) Object.assign(batch, onError(written, where))
    else throw unknownOption(option, entry, where)
  }
  if (seen.size === 0) throw unknownOption('', value, where)
  return batch
}

/** The names in `id` and in `(tenant, "My Id")`, as they are written. */
function names(written: string, where: SourceLocation): readonly string[] {
  if (!written.startsWith('(')) return [written]
  if (!LIST.test(written)) throw unknownOption('key', `key=${written}`, where)
  return written.match(new RegExp(NAME, 'g')) ?? []
}

/** `stop`, `quarantine` or `quarantine(200)`. */
function onError(written: string, where: SourceLocation): Pick<BatchSetting, 'quarantine'> {
  const limit = /^quarantine\((\d+)\)$/.exec(written)?.[1]
  return readOnError(limit === undefined ? written : { quarantine: { limit: Number(limit) } }, () =>
    sqlFileError(
      'MIGRATION.BAD_SETTING',
      `batch onError is stop, quarantine or quarantine(rows) with 1 to 500 rows, not '${written}'.`,
      where,
      ['Write onError=quarantine, or onError=quarantine(200).'],
    ),
  )
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
      'Write -- batch: key=id size=1000 time=250 once onError=quarantine, or some of these; several columns are key=(tenant_id, id).',
    ])
  }
  const nearest = nearestName(option, OPTIONS)
  return sqlFileError('MIGRATION.UNKNOWN_SETTING', `batch has no option '${option}'.`, where, [
    nearest === undefined ? `The options are ${OPTIONS.join(', ')}.` : `Did you mean '${nearest}'?`,
  ])
}
