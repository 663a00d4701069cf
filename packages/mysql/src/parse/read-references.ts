import type { ReferentialAction } from '@phasegate/core'
import type { ForeignKeyDefinition } from './statement-tree.js'
import type { TokenReader } from './token-reader.js'
import type { Token } from './tokens.js'

/** `FOREIGN KEY [IF NOT EXISTS] [index] (a) REFERENCES r (id) …`, from behind FOREIGN KEY. */
export function readForeignKey(reader: TokenReader, constraintName: string | undefined): ForeignKeyDefinition {
  // The name of its index counts as the constraint's where that has none (MySQL Reference Manual, "FOREIGN KEY Constraints").
  const indexName = reader.optionalName()
  const columns = namesIn(reader, reader.brackets())
  return readReferences(reader, constraintName ?? indexName, columns)
}

/** `REFERENCES r (id) [MATCH …] [ON DELETE …] [ON UPDATE …]`, beside a column or behind FOREIGN KEY. */
export function readReferences(
  reader: TokenReader,
  name: string | undefined,
  columns: readonly string[],
): ForeignKeyDefinition {
  const start = reader.at
  reader.expect('REFERENCES')
  const references = reader.qualifiedName()
  const referencedColumns = reader.is('(') ? namesIn(reader, reader.brackets()) : []
  const match = reader.accept('MATCH') ? reader.acceptAny('FULL', 'PARTIAL', 'SIMPLE') : undefined
  let onDelete: ReferentialAction | undefined
  let onUpdate: ReferentialAction | undefined
  for (;;) {
    if (reader.accept('ON', 'DELETE')) onDelete = action(reader)
    else if (reader.accept('ON', 'UPDATE')) onUpdate = action(reader)
    else break
  }
  return { name, columns, references, referencedColumns, text: reader.textFrom(start), match, onDelete, onUpdate }
}

function action(reader: TokenReader): ReferentialAction {
  if (reader.accept('RESTRICT')) return 'restrict'
  if (reader.accept('CASCADE')) return 'cascade'
  if (reader.accept('NO', 'ACTION')) return 'no action'
  if (reader.accept('SET', 'NULL')) return 'set null'
  if (reader.accept('SET', 'DEFAULT')) return 'set default'
  throw reader.expected('RESTRICT, CASCADE, SET NULL or NO ACTION')
}

/** `(a, b)` as names. */
export function namesIn(reader: TokenReader, tokens: readonly Token[]): string[] {
  const inside = reader.within(tokens)
  const names = [inside.name()]
  while (inside.accept(',')) names.push(inside.name())
  if (!inside.ended) throw inside.unknown()
  return names
}
