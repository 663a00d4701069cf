import type { TokenReader } from './token-reader.js'
import { wordOf } from './tokens.js'

/** Blocks in blocks; deeper than any body that a person wrote, and far from the end of the stack. */
const DEEPEST = 200

const ROUTINES = ['TRIGGER', 'PROCEDURE', 'FUNCTION', 'EVENT', 'PACKAGE']

/**
 * Takes one statement up to its semicolon or the end. The bodies of triggers, routines and events hold statements of
 * their own, each with a semicolon (MySQL Reference Manual, "Compound Statement Syntax"; MariaDB's FOR loop too).
 */
export function takeStatement(reader: TokenReader): void {
  const body = bodyStart(reader)
  if (body === undefined) {
    takeSimple(reader)
    return
  }
  reader.at = body
  takeBodyStatement(reader, 0)
  if (!reader.ended && !reader.is(';')) throw reader.expected('a semicolon')
}

/** Where the body of a CREATE TRIGGER, PROCEDURE, FUNCTION or EVENT begins; undefined for any other statement. */
function bodyStart(reader: TokenReader): number | undefined {
  if (!reader.is('CREATE') && !reader.is('ALTER', 'EVENT') && !reader.is('ALTER', 'DEFINER')) return undefined
  const start = reader.at
  try {
    return behindHeader(reader)
  } finally {
    reader.at = start
  }
}

function behindHeader(reader: TokenReader): number | undefined {
  reader.at++
  let kind = ''
  for (let ahead = 0; ahead < 16 && !reader.ended && !reader.is(';'); ahead++) {
    kind = wordOf(reader.next()) ?? ''
    if (ROUTINES.includes(kind) || ['TABLE', 'VIEW', 'INDEX', 'USER'].includes(kind)) break
  }
  if (kind === 'TRIGGER') return behindTrigger(reader)
  if (kind === 'EVENT') return behindWord(reader, 'DO')
  if (kind !== 'PROCEDURE' && kind !== 'FUNCTION') return undefined
  while (!reader.ended && !reader.is(';') && !reader.is('(')) {
    // CREATE FUNCTION … SONAME 'x.so' has no body.
    if (reader.is('SONAME')) return undefined
    reader.at++
  }
  if (!reader.is('(')) return undefined
  reader.brackets()
  takeCharacteristics(reader)
  return reader.ended || reader.is(';') ? undefined : reader.at
}

function behindTrigger(reader: TokenReader): number | undefined {
  while (!reader.ended && !reader.is(';') && !reader.accept('FOR', 'EACH', 'ROW')) reader.at++
  if (reader.ended || reader.is(';')) return undefined
  if (reader.acceptAny('FOLLOWS', 'PRECEDES') !== undefined) reader.qualifiedName()
  return reader.at
}

function behindWord(reader: TokenReader, word: string): number | undefined {
  while (!reader.ended && !reader.is(';')) {
    if (reader.accept(word)) return reader.at
    if (reader.is('(')) reader.brackets()
    else reader.at++
  }
  return undefined
}

const TYPE_WORDS = 'UNSIGNED SIGNED ZEROFILL BINARY ASCII UNICODE BYTE PRECISION VARYING'.split(' ')

/** RETURNS type and the characteristics of a routine, of which none looks like the start of a statement. */
function takeCharacteristics(reader: TokenReader): void {
  if (reader.acceptAny('RETURNS', 'RETURN') !== undefined) {
    reader.next()
    if (reader.is('(')) reader.brackets()
    while (reader.acceptAny(...TYPE_WORDS) !== undefined || takeTypeOption(reader));
  }
  for (;;) {
    if (reader.acceptAny('COMMENT', 'LANGUAGE') !== undefined) reader.next()
    else if (reader.accept('SQL', 'SECURITY')) reader.next()
    else if (reader.is('AS') && reader.peek(1)?.what === 'string') reader.at += 2
    else if (
      !reader.accept('NOT', 'DETERMINISTIC') &&
      !reader.accept('DETERMINISTIC') &&
      !reader.accept('CONTAINS', 'SQL') &&
      !reader.accept('NO', 'SQL') &&
      !reader.accept('READS', 'SQL', 'DATA') &&
      !reader.accept('MODIFIES', 'SQL', 'DATA')
    )
      return
  }
}

function takeTypeOption(reader: TokenReader): boolean {
  if (reader.is('(')) return reader.brackets().length >= 0
  const named = reader.accept('CHARSET') || reader.accept('COLLATE') || reader.accept('CHARACTER', 'SET')
  if (named) reader.next()
  return named
}

function takeSimple(reader: TokenReader): void {
  while (!reader.ended && !reader.is(';')) reader.at++
}

/** Takes statements, each with its semicolon, up to one of these words, which stays. */
function takeStatements(reader: TokenReader, depth: number, ...until: readonly string[]): void {
  while (!until.some((word) => reader.is(word))) {
    if (reader.ended) throw reader.expected(until[0]!)
    takeBodyStatement(reader, depth)
    reader.expect(';')
  }
}

function takeBodyStatement(reader: TokenReader, depth: number): void {
  if (depth > DEEPEST) throw reader.tooDeep()
  if (reader.peek(1)?.text === ':' && reader.peek(1)?.what === 'symbol') reader.at += 2
  if (reader.accept('BEGIN')) {
    reader.accept('NOT', 'ATOMIC')
    takeStatements(reader, depth + 1, 'END')
    takeEnd(reader)
  } else if (reader.accept('IF')) takeIf(reader, depth)
  else if (reader.accept('CASE')) takeCase(reader, depth)
  else if (reader.accept('LOOP')) {
    takeStatements(reader, depth + 1, 'END')
    takeEnd(reader, 'LOOP')
  } else if (reader.accept('REPEAT')) {
    takeStatements(reader, depth + 1, 'UNTIL')
    takeExpression(reader, 'END')
    takeEnd(reader, 'REPEAT')
  } else if (reader.accept('WHILE')) takeLoop(reader, depth, 'WHILE')
  else if (reader.accept('FOR')) takeLoop(reader, depth, 'FOR')
  else if (isHandler(reader)) takeHandler(reader, depth)
  else takeSimple(reader)
}

function takeEnd(reader: TokenReader, kind?: string): void {
  reader.expect('END')
  if (kind !== undefined) reader.expect(kind)
  if (!reader.is(';')) reader.optionalName()
}

function takeIf(reader: TokenReader, depth: number): void {
  do {
    takeExpression(reader, 'THEN')
    reader.expect('THEN')
    takeStatements(reader, depth + 1, 'ELSEIF', 'ELSE', 'END')
  } while (reader.accept('ELSEIF'))
  if (reader.accept('ELSE')) takeStatements(reader, depth + 1, 'END')
  takeEnd(reader, 'IF')
}

function takeCase(reader: TokenReader, depth: number): void {
  takeExpression(reader, 'WHEN')
  while (reader.accept('WHEN')) {
    takeExpression(reader, 'THEN')
    reader.expect('THEN')
    takeStatements(reader, depth + 1, 'WHEN', 'ELSE', 'END')
  }
  if (reader.accept('ELSE')) takeStatements(reader, depth + 1, 'END')
  takeEnd(reader, 'CASE')
}

function takeLoop(reader: TokenReader, depth: number, kind: 'WHILE' | 'FOR'): void {
  takeExpression(reader, 'DO')
  reader.expect('DO')
  takeStatements(reader, depth + 1, 'END')
  takeEnd(reader, kind)
}

/** Takes tokens up to that word, which stays; a CASE expression has a WHEN, THEN and END of its own. */
function takeExpression(reader: TokenReader, until: string): void {
  let cases = 0
  while (cases > 0 || !reader.is(until)) {
    if (reader.ended || reader.is(';')) throw reader.expected(until)
    if (reader.is('CASE')) cases++
    else if (cases > 0 && reader.is('END')) cases--
    // `t.end` is a column.
    reader.at += reader.is('.') ? 2 : 1
  }
}

function isHandler(reader: TokenReader): boolean {
  return reader.is('DECLARE') && wordOf(reader.peek(2)) === 'HANDLER'
}

/** `DECLARE EXIT HANDLER FOR SQLEXCEPTION, 1062 BEGIN … END` */
function takeHandler(reader: TokenReader, depth: number): void {
  reader.at += 3
  reader.expect('FOR')
  do {
    if (reader.accept('SQLSTATE')) reader.accept('VALUE')
    else reader.accept('NOT')
    reader.next()
  } while (reader.accept(','))
  takeBodyStatement(reader, depth + 1)
}
