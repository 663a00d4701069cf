import type { QualifiedName } from '@phasegate/core'
import { isPrimary } from './read-alter-clause.js'
import { readAlterTable, readOnlineOption } from './read-alter-table.js'
import { readCreateTable } from './read-create-table.js'
import { readData } from './read-data.js'
import { readIndexList } from './read-index.js'
import { readQuery } from './read-query.js'
import type { TextPlace } from './sql-errors.js'
import type { IndexDefinition, OnlineOptions, StatementNode } from './statement-tree.js'
import { TokenReader } from './token-reader.js'
import { type Token, wordOf } from './tokens.js'

/**
 * Reads one statement. A statement of a kind that is not known becomes `other`; a clause that is not known in one that is
 * raises.
 *
 * @param place the whole text, which the positions of the tokens refer to
 * @param tokens of this statement, without comments and semicolon
 * @throws `SQL.SYNTAX`, `SQL.CLAUSE`
 */
export function parseSql(place: TextPlace, tokens: readonly Token[]): StatementNode {
  const reader = new TokenReader(place, tokens)
  switch (wordOf(reader.peek())) {
    case 'ALTER':
      return readAlter(reader)
    case 'CREATE':
      return readCreate(reader)
    case 'DROP':
      return readDrop(reader)
    case 'RENAME':
      return readRenameTable(reader)
    case 'TRUNCATE': {
      reader.at++
      reader.accept('TABLE')
      return ended(reader, { kind: 'truncate', table: reader.qualifiedName() })
    }
    case 'GRANT':
    case 'REVOKE':
      return readGrant(reader)
    case 'ANALYZE':
      return readAnalyze(reader)
    case 'SHOW':
    case 'DESCRIBE':
    case 'DESC':
      return { kind: 'show' }
    default:
      return readData(reader) ?? other(reader)
  }
}

function ended<N extends StatementNode>(reader: TokenReader, node: N): N {
  if (!reader.ended) throw reader.unknown()
  return node
}

/** The first words, as far as they are words. */
function other(reader: TokenReader): StatementNode {
  const words: string[] = []
  for (const token of reader.tokens.slice(0, 3)) {
    const word = wordOf(token)
    if (word === undefined) break
    words.push(word)
  }
  return { kind: 'other', words: words.join(' ') }
}

function readAlter(reader: TokenReader): StatementNode {
  const table = reader.is('ALTER', 'TABLE') || reader.is('ALTER', 'ONLINE') || reader.is('ALTER', 'IGNORE')
  return table ? readAlterTable(reader) : other(reader)
}

function readCreate(reader: TokenReader): StatementNode {
  reader.expect('CREATE')
  const replaces = reader.accept('OR', 'REPLACE')
  const temporary = reader.accept('TEMPORARY')
  if (reader.accept('TABLE')) return readCreateTable(reader, replaces, temporary)
  const index = readCreateIndex(reader, replaces)
  if (index !== undefined) return index
  while (takeViewOption(reader));
  if (reader.accept('VIEW')) {
    reader.accept('IF', 'NOT', 'EXISTS')
    const view = reader.qualifiedName()
    while (!reader.ended && !reader.accept('AS')) reader.at++
    return { kind: 'create view', view, replaces, query: readQuery(reader.tokens.slice(reader.at)) }
  }
  if (reader.accept('TRIGGER')) return readCreateTrigger(reader, replaces)
  reader.accept('AGGREGATE')
  const routine = reader.acceptAny('PROCEDURE', 'FUNCTION', 'EVENT')
  if (routine === undefined) return other(reader)
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS')
  const name = reader.qualifiedName()
  const kind = routine.toLowerCase() as 'procedure' | 'function' | 'event'
  return { kind: 'create routine', routine: kind, name, replaces, ifNotExists }
}

/** `ALGORITHM = MERGE`, `DEFINER = a@b`, `SQL SECURITY INVOKER` in front of VIEW, TRIGGER and the like. */
function takeViewOption(reader: TokenReader): boolean {
  if (reader.accept('SQL', 'SECURITY') || reader.accept('ALGORITHM', '=')) {
    reader.next()
    return true
  }
  if (!reader.accept('DEFINER', '=')) return false
  reader.next()
  if (reader.is('(')) reader.brackets()
  if (reader.peek()?.what === 'variable') reader.at++
  return true
}

const INDEX_WORDS = ['UNIQUE', 'FULLTEXT', 'SPATIAL']

function readCreateIndex(reader: TokenReader, replaces: boolean): StatementNode | undefined {
  const from = reader.at
  const kind = reader.acceptAny(...INDEX_WORDS)
  if (!reader.accept('INDEX')) {
    reader.at = from
    return undefined
  }
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS')
  const name = reader.optionalName()
  const using = reader.acceptAny('USING', 'TYPE') === undefined ? undefined : reader.acceptAny('BTREE', 'HASH', 'RTREE')
  reader.expect('ON')
  const table = reader.qualifiedName()
  const index: IndexDefinition = {
    name,
    kind: (kind?.toLowerCase() ?? 'index') as IndexDefinition['kind'],
    ...readIndexList(reader, using),
  }
  return ended(reader, { kind: 'create index', table, index, online: readOnline(reader), ifNotExists, replaces })
}

function readOnline(reader: TokenReader): OnlineOptions {
  let online: OnlineOptions = {}
  for (let option = readOnlineOption(reader); option !== undefined; option = readOnlineOption(reader)) {
    online = { ...online, ...option }
  }
  return online
}

function readCreateTrigger(reader: TokenReader, replaces: boolean): StatementNode {
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS')
  const name = reader.qualifiedName()
  if (reader.acceptAny('BEFORE', 'AFTER') === undefined) throw reader.expected('BEFORE or AFTER')
  if (reader.acceptAny('INSERT', 'UPDATE', 'DELETE') === undefined) throw reader.expected('INSERT, UPDATE or DELETE')
  reader.expect('ON')
  return { kind: 'create trigger', name, table: reader.qualifiedName(), replaces, ifNotExists }
}

function readDrop(reader: TokenReader): StatementNode {
  reader.expect('DROP')
  const temporary = reader.accept('TEMPORARY')
  if (reader.acceptAny('TABLE', 'TABLES') !== undefined) {
    const ifExists = reader.accept('IF', 'EXISTS')
    const tables = tableList(reader)
    reader.acceptAny('RESTRICT', 'CASCADE')
    return ended(reader, { kind: 'drop table', tables, ifExists, temporary })
  }
  if (reader.accept('INDEX')) {
    const ifExists = reader.accept('IF', 'EXISTS')
    const name = reader.name()
    if (isPrimary(name)) throw reader.unknown(0, 'The primary key is dropped by ALTER TABLE … DROP PRIMARY KEY.')
    reader.expect('ON')
    const table = reader.qualifiedName()
    return ended(reader, { kind: 'drop index', table, name, ifExists, online: readOnline(reader) })
  }
  if (reader.accept('TRIGGER')) {
    const ifExists = reader.accept('IF', 'EXISTS')
    return ended(reader, { kind: 'drop trigger', name: reader.qualifiedName(), ifExists })
  }
  if (reader.accept('VIEW')) {
    const ifExists = reader.accept('IF', 'EXISTS')
    const views = tableList(reader)
    reader.acceptAny('RESTRICT', 'CASCADE')
    return ended(reader, { kind: 'drop view', views, ifExists })
  }
  const routine = reader.acceptAny('PROCEDURE', 'FUNCTION', 'EVENT')
  if (routine === undefined) return other(reader)
  const ifExists = reader.accept('IF', 'EXISTS')
  const kind = routine.toLowerCase() as 'procedure' | 'function' | 'event'
  return ended(reader, { kind: 'drop routine', routine: kind, name: reader.qualifiedName(), ifExists })
}

function tableList(reader: TokenReader): QualifiedName[] {
  const tables = [reader.qualifiedName()]
  while (reader.accept(',')) tables.push(reader.qualifiedName())
  return tables
}

function readRenameTable(reader: TokenReader): StatementNode {
  reader.expect('RENAME')
  if (reader.acceptAny('TABLE', 'TABLES') === undefined) return other(reader)
  const renames: { from: QualifiedName; to: QualifiedName }[] = []
  do {
    const from = reader.qualifiedName()
    reader.expect('TO')
    renames.push({ from, to: reader.qualifiedName() })
  } while (reader.accept(','))
  return ended(reader, { kind: 'rename table', renames })
}

/** The object behind ON, where it is one table: `GRANT SELECT (a) ON TABLE users TO app`. */
function readGrant(reader: TokenReader): StatementNode {
  const kind = reader.accept('GRANT') ? 'grant' : 'revoke'
  if (kind === 'revoke') reader.expect('REVOKE')
  while (!reader.ended && !reader.is('ON')) {
    if (reader.is('(')) reader.brackets()
    else reader.at++
  }
  reader.accept('ON')
  const isRoutine = reader.acceptAny('FUNCTION', 'PROCEDURE', 'TABLE') ?? 'TABLE'
  const named = isRoutine === 'TABLE' && reader.optionalName() !== undefined
  if (!named || reader.is('.', '*')) return { kind, table: undefined }
  reader.at--
  return { kind, table: reader.qualifiedName() }
}

function readAnalyze(reader: TokenReader): StatementNode {
  reader.expect('ANALYZE')
  reader.acceptAny('NO_WRITE_TO_BINLOG', 'LOCAL')
  // MariaDB's ANALYZE UPDATE … does the update.
  if (reader.acceptAny('TABLE', 'TABLES') === undefined) return other(reader)
  return { kind: 'analyze', tables: tableList(reader) }
}
