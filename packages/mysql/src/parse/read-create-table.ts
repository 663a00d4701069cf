import type { QualifiedName } from '@phasegate/core'
import { readCheck, readColumnDefinition } from './read-column.js'
import { readIndex } from './read-index.js'
import { readQuery } from './read-query.js'
import { readForeignKey } from './read-references.js'
import type { ColumnDefinition, CreateTable, ForeignKeyDefinition, IndexDefinition } from './statement-tree.js'
import type { TokenReader } from './token-reader.js'

interface Elements {
  readonly columns: ColumnDefinition[]
  readonly indexes: IndexDefinition[]
  readonly foreignKeys: ForeignKeyDefinition[]
  readonly checks: (string | undefined)[]
  readonly primaryKey: string[]
}

/**
 * CREATE TABLE, from its name on. Options of the table and its partitions are not taken apart: nobody waits for a new
 * table.
 */
export function readCreateTable(reader: TokenReader, replaces: boolean, temporary: boolean): CreateTable {
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS')
  const table = reader.qualifiedName()
  const elements: Elements = { columns: [], indexes: [], foreignKeys: [], checks: [], primaryKey: [] }
  const base = { kind: 'create table', table, ifNotExists, temporary, replaces, ...elements } as const
  if (reader.is('LIKE') || reader.is('(', 'LIKE')) {
    reader.accept('(')
    reader.at++
    return { ...base, from: 'like', reads: [reader.qualifiedName()] }
  }
  if (reader.is('(') && !reader.is('(', 'SELECT') && !reader.is('(', 'WITH') && !reader.is('(', '(')) {
    readElements(reader.within(reader.brackets()), elements)
  }
  const reads = tablesOfSelect(reader)
  return { ...base, from: reads === undefined ? 'definition' : 'select', reads: reads ?? [] }
}

function tablesOfSelect(reader: TokenReader): readonly QualifiedName[] | undefined {
  while (!reader.ended) {
    const query =
      ['AS', 'SELECT', 'WITH', 'VALUES', 'TABLE'].some((word) => reader.is(word)) && !reader.is('WITH', 'SYSTEM')
    if (query || reader.is('(', 'SELECT')) return readQuery(reader.tokens.slice(reader.at)).tables
    if (reader.is('(')) reader.brackets()
    else reader.at++
  }
  return undefined
}

function readElements(reader: TokenReader, elements: Elements): void {
  do readElement(reader, elements)
  while (reader.accept(','))
  if (!reader.ended) throw reader.unknown()
}

function readElement(reader: TokenReader, elements: Elements): void {
  const named = reader.accept('CONSTRAINT')
  const name = named ? reader.optionalName() : undefined
  if (reader.accept('PRIMARY', 'KEY')) {
    const { columns } = readIndex(reader, 'unique')
    elements.primaryKey.push(...columns.filter((column) => column !== undefined))
  } else if (reader.accept('FOREIGN', 'KEY')) {
    reader.accept('IF', 'NOT', 'EXISTS')
    elements.foreignKeys.push(readForeignKey(reader, name))
  } else if (reader.is('CHECK')) {
    elements.checks.push(readCheck(reader, name).name)
  } else if (reader.accept('PERIOD', 'FOR')) {
    reader.next()
    reader.brackets()
  } else if (!readOwnIndex(reader, name, elements)) {
    if (named) throw reader.unknown()
    readColumn(reader, elements)
  }
}

function readOwnIndex(reader: TokenReader, name: string | undefined, { indexes }: Elements): boolean {
  const word = reader.acceptAny('UNIQUE', 'FULLTEXT', 'SPATIAL')
  const plain = reader.acceptAny('INDEX', 'KEY') !== undefined
  if (word === undefined && !plain) return false
  reader.accept('IF', 'NOT', 'EXISTS')
  const kind = word === undefined ? 'index' : (word.toLowerCase() as 'unique' | 'fulltext' | 'spatial')
  indexes.push(readIndex(reader, kind, name))
  return true
}

function readColumn(reader: TokenReader, elements: Elements): void {
  const column = readColumnDefinition(reader, reader.name())
  elements.columns.push(column)
  if (column.primary) elements.primaryKey.push(column.name)
  for (const part of column.parts) {
    if (part.kind === 'references') elements.foreignKeys.push(part.foreignKey)
    if (part.kind === 'check') elements.checks.push(part.check.name)
  }
}
