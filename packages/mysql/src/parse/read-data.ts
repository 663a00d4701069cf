import { type QualifiedName, splitAtCommas } from '@phasegate/core'
import { readQuery } from './read-query.js'
import type { StatementNode } from './statement-tree.js'
import type { TokenReader } from './token-reader.js'
import { nameOf, type Token, wordOf } from './tokens.js'

const MODIFIERS = ['LOW_PRIORITY', 'HIGH_PRIORITY', 'DELAYED', 'QUICK', 'IGNORE']

/** SELECT, INSERT, REPLACE, UPDATE, DELETE; undefined for anything else. */
export function readData(reader: TokenReader): StatementNode | undefined {
  const from = reader.at
  const main = mainWord(reader)
  reader.at = from
  if (main === 'SELECT' || main === 'VALUES' || main === 'TABLE') return readSelect(reader)
  // EXPLAIN ANALYZE does what it explains.
  if (main === 'EXPLAIN') return reader.is('EXPLAIN', 'ANALYZE') ? undefined : { kind: 'show' }
  if (main === 'UPDATE') return readUpdate(reader)
  if (main === 'DELETE') return readDelete(reader)
  if (main === 'INSERT' || main === 'REPLACE') return readInsert(reader, main)
  return undefined
}

/** The statement behind its WITH clause and brackets. */
function mainWord(reader: TokenReader): string | undefined {
  while (reader.accept('('));
  if (!reader.accept('WITH')) return wordOf(reader.peek())
  while (!reader.ended) {
    if (reader.is('(')) reader.brackets()
    else if (['SELECT', 'UPDATE', 'DELETE', 'INSERT', 'REPLACE', 'VALUES', 'TABLE'].some((word) => reader.is(word))) {
      return wordOf(reader.peek())
    } else reader.at++
  }
  return undefined
}

function readSelect(reader: TokenReader): StatementNode {
  const query = readQuery(reader.tokens)
  // `TABLE users` is `SELECT * FROM users`.
  const tables = reader.is('TABLE') ? [reader.within(reader.tokens.slice(1)).qualifiedName()] : query.tables
  return { kind: 'select', tables, locks: query.locksRows, query }
}

/** Takes tokens up to one of these words outside of brackets; it stays. */
function takeUntil(reader: TokenReader, ...words: readonly string[]): Token[] {
  const from = reader.at
  while (!reader.ended && !words.some((word) => reader.is(word))) {
    if (reader.is('(')) reader.brackets()
    else reader.at++
  }
  return [...reader.tokens.slice(from, reader.at)]
}

/** A list of tables and joins, as FROM has them. */
function tablesIn(tokens: readonly Token[]): readonly QualifiedName[] {
  const from: Token = { start: 0, end: 0, text: 'FROM', kind: 'word', what: 'name', keyword: 'FROM' }
  return readQuery([from, ...tokens]).tables
}

/** In `UPDATE a JOIN b …` every table counts as written: which one is, only the columns' qualifiers may tell. */
function readUpdate(reader: TokenReader): StatementNode {
  takeUntil(reader, 'UPDATE')
  reader.expect('UPDATE')
  while (reader.acceptAny(...MODIFIERS) !== undefined);
  const tables = tablesIn(takeUntil(reader, 'SET'))
  reader.expect('SET')
  const assignments = takeUntil(reader, 'WHERE', 'ORDER', 'LIMIT')
  const columns = splitAtCommas(assignments).map((tokens) => assignedColumn(tokens as Token[]))
  const written = tables.map(({ name }) => name)
  const query = readQuery(reader.tokens)
  const reads = query.tables.filter(({ name, schema }) => schema !== undefined || !written.includes(name))
  return {
    kind: 'update',
    tables,
    columns: [...new Set(columns.filter((column) => column !== undefined))],
    query: { ...query, tables: reads },
  }
}

function assignedColumn(tokens: readonly Token[]): string | undefined {
  const equals = tokens.findIndex(({ text }) => text === '=' || text === ':=')
  return nameOf(tokens[equals - 1])
}

function readDelete(reader: TokenReader): StatementNode {
  takeUntil(reader, 'DELETE')
  reader.expect('DELETE')
  while (reader.acceptAny(...MODIFIERS) !== undefined);
  // `DELETE a, b FROM …` and `DELETE FROM a, b USING …` name what they delete from, maybe by its alias.
  const before = takeUntil(reader, 'FROM')
  reader.expect('FROM')
  const from = takeUntil(reader, 'WHERE', 'ORDER', 'LIMIT', 'USING', 'RETURNING')
  const query = readQuery(reader.tokens)
  const several = before.length > 0 || reader.is('USING')
  return { kind: 'delete', tables: several ? query.tables : tablesIn(from), query }
}

function readInsert(reader: TokenReader, word: 'INSERT' | 'REPLACE'): StatementNode {
  takeUntil(reader, word)
  reader.expect(word)
  while (reader.acceptAny(...MODIFIERS) !== undefined);
  reader.accept('INTO')
  const table = reader.qualifiedName()
  const query = readQuery(reader.tokens.slice(reader.at))
  return { kind: word === 'INSERT' ? 'insert' : 'replace', tables: [table], query }
}
