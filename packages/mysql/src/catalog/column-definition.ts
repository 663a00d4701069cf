/** Pieces of what SHOW CREATE TABLE prints, with the quotes that our sessions' sql_mode and sql_quote_show_create give. */
const PIECE = /`(?:[^`]|``)*`|'(?:[^'\\]|\\[\s\S]|'')*'|\/\*M?!\d*|\*\/|[(),]|[^\s`'(),*/]+|[*/]|\s+/g

/**
 * The definition of a column behind its name, as SHOW CREATE TABLE prints it: `varchar(20) DEFAULT NULL COMMENT 'it''s'`.
 * Undefined where there is no such column. Names of columns are told apart without case, as the servers do.
 */
export function readDefinition(createTable: string, column: string): string | undefined {
  for (const item of listItems(createTable)) {
    // Keys and constraints begin with a keyword, columns with a quoted name.
    const [, quoted, definition] = /^`((?:[^`]|``)*)`\s+([\s\S]*)$/.exec(item) ?? []
    if (quoted?.replaceAll('``', '`').toLowerCase() === column.toLowerCase()) return definition
  }
  return undefined
}

/** What stands between the commas of the first parentheses. */
function listItems(createTable: string): readonly string[] {
  const items: string[] = []
  let depth = 0
  let text = ''
  for (const piece of createTable.match(PIECE) ?? []) {
    if (piece === ')') depth--
    if (depth === 0 && piece === ')') return [...items, text.trim()]
    if (depth === 1 && piece === ',') {
      items.push(text.trim())
      text = ''
    } else if (depth > 0) text += piece
    if (piece === '(') depth++
  }
  return items
}

/** The definition with NULL or NOT NULL in the place of what it says of that. */
export function withNullability(definition: string, notNull: boolean): string {
  const words = topLevelWords(asJson(unwrapped(definition)))
  const kept: string[] = []
  for (let at = 0; at < words.length; at++) {
    const [word, next] = [words[at]!.toUpperCase(), words[at + 1]?.toUpperCase()]
    if (word === 'NOT' && next === 'NULL') at++
    else if (word === 'DEFAULT' && next === 'NULL') {
      // A column that is NOT NULL cannot have it (error 1067); one that may be NULL has it by itself.
      if (notNull) at++
      else kept.push(words[at]!, words[++at]!)
    } else if (word !== 'NULL') kept.push(words[at]!)
  }
  return placed(kept, notNull ? 'NOT NULL' : 'NULL')
}

/** Attributes that NULL and NOT NULL may stand before; a generated column has its expression first, in both grammars. */
const AFTER = ['DEFAULT', 'ON', 'COMMENT', 'AUTO_INCREMENT', 'INVISIBLE', 'COLUMN_FORMAT', 'STORAGE', 'CHECK', 'SRID']

function placed(words: readonly string[], nullability: string): string {
  const generated = words.findIndex((word) => /^(VIRTUAL|STORED|PERSISTENT)$/i.test(word))
  const attribute = words.findIndex((word) => AFTER.includes(word.toUpperCase()))
  const at = generated !== -1 ? generated + 1 : attribute === -1 ? words.length : attribute
  return [...words.slice(0, at), nullability, ...words.slice(at)].join(' ')
}

/**
 * MariaDB shows a JSON column as what the word stands for, but takes it for another type when it is written so: the column
 * would be copied (error 1846, measured on 10.11.19).
 */
function asJson(definition: string): string {
  const [, middle] =
    /^longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin\b([\s\S]*) CHECK \(json_valid\(`(?:[^`]|``)*`\)\)$/i.exec(
      definition.trim(),
    ) ?? []
  return middle === undefined ? definition : `json${middle}`
}

/** What stands in comments for one family of servers stands in the statement for all: `/*!80023 INVISIBLE *​/`. */
function unwrapped(definition: string): string {
  return (definition.match(PIECE) ?? []).map((piece) => (/^(?:\/\*M?!\d*|\*\/)$/.test(piece) ? ' ' : piece)).join('')
}

/** Words at depth 0, each with the parentheses that stand behind it: `varchar(20)`, `DEFAULT`, `(uuid())`. */
function topLevelWords(definition: string): readonly string[] {
  const words: string[] = []
  let depth = 0
  let text = ''
  const flush = (): void => {
    if (text !== '') words.push(text)
    text = ''
  }
  for (const piece of definition.match(PIECE) ?? []) {
    if (depth === 0 && piece.trim() === '') flush()
    else text += piece
    if (piece === '(') depth++
    if (piece === ')') depth--
  }
  flush()
  return words
}
