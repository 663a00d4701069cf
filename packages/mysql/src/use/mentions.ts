import type { UsedObject } from '@phasegate/core'
import { readTokens, type Token } from '../parse/tokens.js'

export type Mention = 'no' | 'possible' | 'ours'

/** Names of ours in statements of ours: aliases, CTEs, journal tables. No application has a reason to use them. */
const OURS = /^phasegate_/i

/** What defines and maintains is not what an application uses. Where it reads for good, such as a view, it is a dependent. */
const DEFINITIONS = /^(ALTER|DROP|RENAME|OPTIMIZE|CHECK|CHECKSUM|REPAIR|SHOW|DESC|DESCRIBE|GRANT|REVOKE)$/

/**
 * May a statement use a table, or a column of it? By the tokens of its digest's text, in which names are in backticks or,
 * on MariaDB, keywords in capitals: it names the table, and the column, a `*`, or nothing where that means every column. What
 * cannot be read may.
 */
export function mentions(text: string, object: UsedObject): Mention {
  let tokens: readonly Token[]
  try {
    tokens = readTokens(text, '').filter(({ what }) => what !== 'comment')
  } catch {
    // A digest is no statement any more: marks stand for values, and its end may be missing.
    return 'possible'
  }
  const names = tokens.map(nameOf)
  if (names.some((name) => name !== undefined && OURS.test(name))) return 'ours'
  const at = names.findIndex((name, index) => same(name, object.table) && isOurSchema(tokens, names, index, object))
  if (at < 0 || isDefinition(tokens)) return 'no'
  return object.column === undefined || usesColumn(tokens, names, object.table, object.column) ? 'possible' : 'no'
}

function nameOf({ what, text }: Token): string | undefined {
  if (what === 'quoted name') return text.slice(1, -1).replaceAll('``', '`')
  return what === 'name' ? text : undefined
}

function same(name: string | undefined, wanted: string): boolean {
  return name !== undefined && name.toLowerCase() === wanted.toLowerCase()
}

function isOurSchema(
  tokens: readonly Token[],
  names: readonly (string | undefined)[],
  at: number,
  { schema }: UsedObject,
): boolean {
  return schema === undefined || tokens[at - 1]?.text !== '.' || same(names[at - 2], schema)
}

/** `EXECUTE SELECT …` is how MySQL writes a prepared statement that ran. */
function isDefinition(tokens: readonly Token[]): boolean {
  const words = tokens.slice(0, 3).map(({ text }) => text.toUpperCase())
  const [first = '', second = ''] = words[0] === 'EXECUTE' || words[0] === 'PREPARE' ? words.slice(1) : words
  if (first === 'ANALYZE' && /^(TABLE|LOCAL|NO_WRITE_TO_BINLOG)$/.test(second)) return true
  if (first === 'EXPLAIN' && second !== 'ANALYZE') return true
  return DEFINITIONS.test(first) || (first === 'CREATE' && /^(INDEX|UNIQUE|FULLTEXT|SPATIAL)$/.test(second))
}

function usesColumn(
  tokens: readonly Token[],
  names: readonly (string | undefined)[],
  table: string,
  column: string,
): boolean {
  if (names.some((name) => same(name, column))) return true
  return tokens.some((token, index) => {
    if (token.text === '*') return isEveryColumn(tokens, index)
    if (token.what !== 'name') return false
    const word = token.text.toUpperCase()
    if (/^(NATURAL|LOAD|HANDLER|TABLE)$/.test(word)) return true
    return (
      /^(INSERT|REPLACE)$/.test(word) && tokens[index + 1]?.text !== '(' && !hasColumnList(tokens, names, index, table)
    )
  })
}

/** Not `COUNT ( * )`, and not a multiplication. */
function isEveryColumn(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]
  if (before === undefined) return true
  if (before.text === '(' && tokens[at - 2]?.text.toUpperCase() === 'COUNT') return false
  return !(before.what === 'quoted name' || before.what === 'number' || before.text === '?' || before.text === ')')
}

/** `INSERT INTO t ( a , b ) …` or `… SET a = …`; an INSERT into another table is no matter. */
function hasColumnList(
  tokens: readonly Token[],
  names: readonly (string | undefined)[],
  from: number,
  table: string,
): boolean {
  let at = from + 1
  while (/^(LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE|INTO)$/i.test(tokens[at]?.text ?? '')) at++
  if (tokens[at + 1]?.text === '.') at += 2
  if (!same(names[at], table)) return true
  const next = tokens[at + 1]?.text.toUpperCase()
  if (next === 'SET') return true
  return next === '(' && !/^(SELECT|WITH|VALUES|TABLE|\()$/i.test(tokens[at + 2]?.text ?? '')
}
