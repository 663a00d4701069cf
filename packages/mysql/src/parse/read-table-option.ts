import type { AlterClause } from './statement-tree.js'
import type { TokenReader } from './token-reader.js'

/** Only the catalog changes (measured on MySQL 9.7.4 and MariaDB 10.11). */
const CATALOG = [
  ['AUTO_INCREMENT'],
  ['AVG_ROW_LENGTH'],
  ['CHECKSUM'],
  ['TABLE_CHECKSUM'],
  ['PAGE_CHECKSUM'],
  ['COMMENT'],
  ['CONNECTION'],
  ['PASSWORD'],
  ['DELAY_KEY_WRITE'],
  ['INSERT_METHOD'],
  ['MAX_ROWS'],
  ['MIN_ROWS'],
  ['PACK_KEYS'],
  ['TRANSACTIONAL'],
  ['STATS_AUTO_RECALC'],
  ['STATS_PERSISTENT'],
  ['STATS_SAMPLE_PAGES'],
  ['ENGINE_ATTRIBUTE'],
  ['SECONDARY_ENGINE_ATTRIBUTE'],
  ['DEFAULT', 'CHARACTER', 'SET'],
  ['DEFAULT', 'CHAR', 'SET'],
  ['DEFAULT', 'CHARSET'],
  ['DEFAULT', 'COLLATE'],
  ['CHARACTER', 'SET'],
  ['CHAR', 'SET'],
  ['CHARSET'],
  ['COLLATE'],
] as const

/** The table is built anew in place, beside traffic. */
const REBUILDS = [
  ['ENGINE'],
  ['ROW_FORMAT'],
  ['KEY_BLOCK_SIZE'],
  ['PAGE_COMPRESSED'],
  ['PAGE_COMPRESSION_LEVEL'],
  ['ENCRYPTED'],
  ['ENCRYPTION_KEY_ID'],
  ['TABLESPACE'],
] as const

/** The table is copied while writers wait. */
const COPIES = [['ENCRYPTION'], ['COMPRESSION']] as const

const ALL: readonly (readonly string[])[] = [...CATALOG, ...REBUILDS, ...COPIES]

/** Does an option of the table stand here, `name [=] value`, and no clause that begins with the same word? */
export function isTableOption(reader: TokenReader): boolean {
  return ALL.some((words) => reader.is(...words))
}

export function readTableOption(reader: TokenReader): AlterClause {
  const from = reader.at
  const words = ALL.find((each) => reader.accept(...each))
  if (words === undefined) throw reader.unknown()
  // `DEFAULT CHARSET x COLLATE y` is two options.
  reader.accept('=')
  const sign = reader.acceptAny('-', '+')
  const value = reader.next()
  if (value.kind !== 'word') throw reader.unknown(from)
  if (sign === undefined && reader.is('.')) throw reader.unknown(from)
  const text = reader.textFrom(from)
  const option = words.join(' ').toLowerCase()
  if (CATALOG.some((each) => each === words)) return { kind: 'table option', option, text }
  return { kind: 'rebuild', what: option, copies: COPIES.some((each) => each === words), text }
}
