import { readCheck, readColumnDefinition, takeDefault } from './read-column.js'
import { readIndex } from './read-index.js'
import { readForeignKey } from './read-references.js'
import type { AlterClause, IndexDefinition } from './statement-tree.js'
import type { TokenReader } from './token-reader.js'

type Unwritten<C> = C extends unknown ? Omit<C, 'text'> : never

/** What an ALTER TABLE says in one clause, without its text. */
type ClauseContent = Unwritten<AlterClause>

/**
 * One clause, up to its comma. A list in brackets (`ADD COLUMN (a int, b int)`) becomes as many.
 *
 * Sources: MySQL Reference Manual 8.0 to 9.x, "ALTER TABLE Statement"; MariaDB documentation, "ALTER TABLE".
 */
export function readAlterClause(reader: TokenReader): readonly AlterClause[] {
  const from = reader.at
  if (reader.is('ADD', '(') || reader.is('ADD', 'COLUMN', '(')) return readColumnList(reader)
  const content = readContent(reader)
  if (content === undefined) throw reader.unknown(from)
  return [{ ...content, text: reader.textFrom(from) } as AlterClause]
}

function readContent(reader: TokenReader): ClauseContent | undefined {
  if (reader.accept('ADD')) return readAdd(reader)
  if (reader.accept('DROP')) return readDrop(reader)
  if (reader.accept('ALTER')) return readAlter(reader)
  if (reader.accept('RENAME')) return readRename(reader)
  if (reader.accept('MODIFY')) {
    reader.accept('COLUMN')
    refuseIfExists(reader)
    const column = reader.name()
    if (reader.accept('<', 'DEFINITION', '>')) return readNullability(reader, column)
    return { kind: 'change column', column, definition: readColumnDefinition(reader, column), place: place(reader) }
  }
  if (reader.accept('CHANGE')) {
    reader.accept('COLUMN')
    refuseIfExists(reader)
    const column = reader.name()
    return {
      kind: 'change column',
      column,
      definition: readColumnDefinition(reader, reader.name()),
      place: place(reader),
    }
  }
  if (reader.accept('CONVERT', 'TO')) {
    if (!reader.accept('CHARACTER', 'SET') && !reader.accept('CHARSET') && !reader.accept('CHAR', 'SET'))
      return undefined
    reader.next()
    if (reader.accept('COLLATE')) reader.next()
    return { kind: 'rebuild', what: 'convert to character set', copies: true }
  }
  if (reader.accept('FORCE')) return { kind: 'rebuild', what: 'force', copies: false }
  if (reader.accept('ORDER', 'BY')) {
    do takeOrder(reader)
    while (continuesOrder(reader))
    return { kind: 'rebuild', what: 'order by', copies: true }
  }
  return undefined
}

/** `MODIFY COLUMN c <definition> NOT NULL`, completed from the catalog before it runs (operations/nullability.ts). */
function readNullability(reader: TokenReader, column: string): ClauseContent {
  if (reader.accept('NOT', 'NULL')) return { kind: 'set not null', column }
  reader.expect('NULL')
  return { kind: 'drop not null', column }
}

function takeOrder(reader: TokenReader): void {
  reader.qualifiedName()
  reader.acceptAny('ASC', 'DESC')
}

/** The comma of `ORDER BY a, b`, and not the one before the next clause, which has more than a name. */
function continuesOrder(reader: TokenReader): boolean {
  const from = reader.at
  if (!reader.accept(',')) return false
  const column = reader.within(reader.tokens.slice(reader.at))
  const named = column.optionalName() !== undefined
  column.acceptAny('ASC', 'DESC')
  const alone = named && (column.ended || column.is(','))
  if (!alone) reader.at = from
  return alone
}

/** IF EXISTS beside MODIFY and CHANGE (MariaDB) hides a mistake, and a resumed run would not see it. */
function refuseIfExists(reader: TokenReader): void {
  if (reader.is('IF', 'EXISTS')) throw reader.unknown(reader.at, 'Whether the column is there decides what this does.')
}

function place(reader: TokenReader): 'same' | 'first' | 'after' {
  if (reader.accept('FIRST')) return 'first'
  if (!reader.accept('AFTER')) return 'same'
  reader.name()
  return 'after'
}

function readColumnList(reader: TokenReader): readonly AlterClause[] {
  reader.expect('ADD')
  reader.accept('COLUMN')
  const inside = reader.within(reader.brackets())
  const clauses: AlterClause[] = []
  do {
    const from = inside.at
    const column = readColumnDefinition(inside, inside.name())
    if (!inside.ended && !inside.is(',')) throw inside.unknown()
    const text = `ADD COLUMN ${inside.textFrom(from)}`
    clauses.push({ kind: 'add column', column, place: 'last', placeText: '', ifNotExists: false, text })
  } while (inside.accept(','))
  return clauses
}

const INDEX_KINDS: readonly (readonly [IndexDefinition['kind'], string])[] = [
  ['unique', 'UNIQUE'],
  ['fulltext', 'FULLTEXT'],
  ['spatial', 'SPATIAL'],
]

function readAdd(reader: TokenReader): ClauseContent | undefined {
  const named = reader.accept('CONSTRAINT')
  const mayExist = named && reader.accept('IF', 'NOT', 'EXISTS')
  const name = named ? reader.optionalName() : undefined
  const index = readIndexKind(reader)
  if (index !== undefined) {
    const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS') || mayExist
    return { kind: 'add index', index: readIndex(reader, index, name), ifNotExists }
  }
  if (reader.accept('PRIMARY', 'KEY')) return readPrimaryKey(reader)
  if (reader.accept('FOREIGN', 'KEY')) {
    const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS') || mayExist
    return { kind: 'add foreign key', foreignKey: readForeignKey(reader, name), ifNotExists }
  }
  if (reader.is('CHECK')) return { kind: 'add check', ...readCheck(reader, name), ifNotExists: mayExist }
  if (named || reader.is('PERIOD') || reader.is('VECTOR')) return undefined
  if (reader.accept('SYSTEM', 'VERSIONING')) return { kind: 'rebuild', what: 'add system versioning', copies: true }
  reader.accept('COLUMN')
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS')
  const column = readColumnDefinition(reader, reader.name())
  const from = reader.at
  const where = place(reader)
  const placeText = reader.textFrom(from)
  return { kind: 'add column', column, place: where === 'same' ? 'last' : where, placeText, ifNotExists }
}

/** Takes `[UNIQUE | FULLTEXT | SPATIAL] [INDEX | KEY]`, of which one word at least is there. */
function readIndexKind(reader: TokenReader): IndexDefinition['kind'] | undefined {
  const [kind] = INDEX_KINDS.find(([, word]) => reader.accept(word)) ?? []
  const plain = reader.acceptAny('INDEX', 'KEY') !== undefined
  return kind ?? (plain ? 'index' : undefined)
}

function readPrimaryKey(reader: TokenReader): ClauseContent {
  const { columns } = readIndex(reader, 'unique')
  return { kind: 'add primary key', columns: columns.flatMap((column) => (column === undefined ? [] : [column])) }
}

function readDrop(reader: TokenReader): ClauseContent | undefined {
  if (reader.accept('PRIMARY', 'KEY')) return { kind: 'drop primary key' }
  const kind = reader.accept('FOREIGN', 'KEY')
    ? 'drop foreign key'
    : reader.acceptAny('INDEX', 'KEY') !== undefined
      ? 'drop index'
      : reader.acceptAny('CONSTRAINT', 'CHECK') !== undefined
        ? 'drop constraint'
        : undefined
  if (kind !== undefined) {
    const ifExists = reader.accept('IF', 'EXISTS')
    const name = reader.name()
    if (isPrimary(name) && kind !== 'drop foreign key') {
      if (ifExists) throw reader.unknown(0, 'The primary key is dropped by DROP PRIMARY KEY.')
      return { kind: 'drop primary key' }
    }
    return { kind, name, ifExists }
  }
  if (reader.accept('SYSTEM', 'VERSIONING')) return { kind: 'rebuild', what: 'drop system versioning', copies: true }
  reader.accept('COLUMN')
  const ifExists = reader.accept('IF', 'EXISTS')
  const column = reader.name()
  // Both words are there for other databases, and do nothing.
  reader.acceptAny('RESTRICT', 'CASCADE')
  return { kind: 'drop column', column, ifExists }
}

/** The index of a primary key has this name, and nothing else can have it. */
export function isPrimary(name: string): boolean {
  return name.toLowerCase() === 'primary'
}

function readAlter(reader: TokenReader): ClauseContent | undefined {
  if (reader.acceptAny('INDEX', 'KEY') !== undefined) {
    if (reader.is('IF', 'EXISTS')) return undefined
    const name = reader.name()
    const word = reader.accept('NOT', 'IGNORED') ? 'VISIBLE' : reader.acceptAny('VISIBLE', 'INVISIBLE', 'IGNORED')
    return word === undefined ? undefined : { kind: 'index visibility', name, visible: word === 'VISIBLE' }
  }
  if (reader.acceptAny('CHECK', 'CONSTRAINT') !== undefined) {
    const name = reader.name()
    const enforced = !reader.accept('NOT', 'ENFORCED')
    if (enforced && !reader.accept('ENFORCED')) return undefined
    return { kind: 'alter check', name, enforced }
  }
  reader.accept('COLUMN')
  if (reader.is('IF', 'EXISTS')) return undefined
  const column = reader.name()
  if (reader.accept('SET', 'DEFAULT')) return { kind: 'set default', column, ...takeDefault(reader) }
  if (reader.accept('DROP', 'DEFAULT')) return { kind: 'drop default', column }
  if (reader.accept('SET', 'NOT', 'NULL')) return { kind: 'set not null', column }
  if (reader.accept('DROP', 'NOT', 'NULL')) return { kind: 'drop not null', column }
  if (reader.accept('SET', 'VISIBLE')) return { kind: 'column visibility', column, visible: true }
  if (reader.accept('SET', 'INVISIBLE')) return { kind: 'column visibility', column, visible: false }
  return undefined
}

function readRename(reader: TokenReader): ClauseContent | undefined {
  if (reader.accept('COLUMN')) {
    if (reader.is('IF', 'EXISTS')) return undefined
    const column = reader.name()
    reader.expect('TO')
    return { kind: 'rename column', column, to: reader.name() }
  }
  if (reader.acceptAny('INDEX', 'KEY') !== undefined) {
    if (reader.is('IF', 'EXISTS')) return undefined
    const name = reader.name()
    reader.expect('TO')
    return { kind: 'rename index', name, to: reader.name() }
  }
  reader.acceptAny('TO', 'AS', '=')
  return { kind: 'rename table', to: reader.qualifiedName() }
}
