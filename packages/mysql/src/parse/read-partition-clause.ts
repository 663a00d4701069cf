import type { AlterClause } from './statement-tree.js'
import type { TokenReader } from './token-reader.js'
import { wordOf } from './tokens.js'

interface PartitionClause {
  readonly words: readonly string[]
  readonly destroys?: true
  readonly work: 'instant' | 'scan' | 'rewrite'
}

/** MySQL Reference Manual, "ALTER TABLE Partition Operations"; what writes rows anew keeps writers out while it does. */
const CLAUSES: readonly PartitionClause[] = [
  { words: ['PARTITION', 'BY'], work: 'rewrite' },
  { words: ['REMOVE', 'PARTITIONING'], work: 'rewrite' },
  { words: ['ADD', 'PARTITION'], work: 'instant' },
  { words: ['DROP', 'PARTITION'], work: 'instant', destroys: true },
  { words: ['TRUNCATE', 'PARTITION'], work: 'instant', destroys: true },
  { words: ['EXCHANGE', 'PARTITION'], work: 'scan', destroys: true },
  { words: ['DISCARD', 'PARTITION'], work: 'instant', destroys: true },
  { words: ['IMPORT', 'PARTITION'], work: 'scan' },
  { words: ['DISCARD', 'TABLESPACE'], work: 'instant', destroys: true },
  { words: ['IMPORT', 'TABLESPACE'], work: 'scan' },
  { words: ['COALESCE', 'PARTITION'], work: 'rewrite' },
  { words: ['REORGANIZE', 'PARTITION'], work: 'rewrite' },
  { words: ['REBUILD', 'PARTITION'], work: 'rewrite' },
  { words: ['OPTIMIZE', 'PARTITION'], work: 'rewrite' },
  { words: ['REPAIR', 'PARTITION'], work: 'rewrite' },
  { words: ['ANALYZE', 'PARTITION'], work: 'scan' },
  { words: ['CHECK', 'PARTITION'], work: 'scan' },
]

/** They stand alone or at the end of an ALTER TABLE, with lists of their own. */
export function isPartitionClause(reader: TokenReader): boolean {
  return CLAUSES.some(({ words }) => reader.is(...words))
}

export function readPartitionClause(reader: TokenReader): AlterClause {
  const from = reader.at
  const clause = CLAUSES.find(({ words }) => reader.accept(...words))
  if (clause === undefined) throw reader.unknown()
  const what = clause.words.join(' ').toLowerCase()
  // Partitions of RANGE and LIST say their VALUES; a new one of HASH or KEY spreads all rows anew.
  const spreads =
    what === 'add partition' && !reader.tokens.slice(reader.at).some((token) => wordOf(token) === 'VALUES')
  reader.at = reader.tokens.length
  return {
    kind: 'partition',
    what,
    destroys: clause.destroys === true,
    work: spreads ? 'rewrite' : clause.work,
    text: reader.textFrom(from),
  }
}
