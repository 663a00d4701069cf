import { splitAtCommas, textOf } from '@phasegate/core'
import type { IndexDefinition, IndexKey } from './statement-tree.js'
import type { TokenReader } from './token-reader.js'
import type { Token } from './tokens.js'

/** `[name] [USING …] (a, b(10) DESC, (lower(c))) [options]`, from behind INDEX or KEY. */
export function readIndex(
  reader: TokenReader,
  kind: IndexDefinition['kind'],
  constraintName?: string,
): IndexDefinition {
  const name = reader.optionalName() ?? constraintName
  const usingBefore = readUsing(reader)
  return { name, kind, ...readIndexList(reader, usingBefore) }
}

/** The list of an index and what stands behind it. */
export function readIndexList(
  reader: TokenReader,
  usingBefore?: string,
): Pick<IndexDefinition, 'columns' | 'columnsText' | 'keys' | 'using' | 'options'> {
  const inside = reader.brackets()
  const keys = splitAtCommas(inside).map((tokens) => readKey(reader, tokens as Token[]))
  const options: string[] = []
  let using = usingBefore
  for (;;) {
    const from = reader.at
    const kind = readUsing(reader)
    if (kind !== undefined) using = kind
    else if (takeOption(reader)) options.push(reader.textFrom(from))
    else break
  }
  return {
    columns: keys.map(({ column }) => column),
    columnsText: textOf(reader.place.text, inside),
    keys,
    using,
    options: options.join(' '),
  }
}

function readUsing(reader: TokenReader): string | undefined {
  if (reader.acceptAny('USING', 'TYPE') === undefined) return undefined
  const kind = reader.acceptAny('BTREE', 'HASH', 'RTREE')
  if (kind === undefined) throw reader.expected('BTREE or HASH')
  return kind
}

function takeOption(reader: TokenReader): boolean {
  if (reader.acceptAny('VISIBLE', 'INVISIBLE', 'IGNORED') !== undefined || reader.accept('NOT', 'IGNORED')) return true
  if (reader.accept('WITH', 'PARSER')) {
    reader.name()
    return true
  }
  const valued = ['COMMENT', 'KEY_BLOCK_SIZE', 'ENGINE_ATTRIBUTE', 'SECONDARY_ENGINE_ATTRIBUTE', 'CLUSTERING']
  if (reader.acceptAny(...valued) === undefined) return false
  reader.accept('=')
  reader.next()
  return true
}

function readKey(outer: TokenReader, tokens: readonly Token[]): IndexKey {
  const reader = outer.within(tokens)
  let column: string | undefined
  let length: number | undefined
  if (reader.is('(')) reader.brackets()
  else {
    column = reader.name()
    if (reader.is('(')) length = Number(textOf(reader.place.text, reader.brackets()))
  }
  const descending = reader.acceptAny('ASC', 'DESC') === 'DESC'
  if (!reader.ended) throw reader.unknown()
  return { column, length, descending, text: textOf(outer.place.text, tokens) }
}
