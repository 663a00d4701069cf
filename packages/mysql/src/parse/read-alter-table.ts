import { readAlterClause } from './read-alter-clause.js'
import { isPartitionClause, readPartitionClause } from './read-partition-clause.js'
import { isTableOption, readTableOption } from './read-table-option.js'
import type { AlterClause, AlterTable, OnlineOptions } from './statement-tree.js'
import type { TokenReader } from './token-reader.js'

/** `ALTER TABLE t clause, clause …`, from the beginning. Throws `SQL.CLAUSE` for what it does not know. */
export function readAlterTable(reader: TokenReader): AlterTable {
  reader.expect('ALTER')
  if (reader.is('ONLINE') || reader.is('IGNORE')) {
    throw reader.unknown(reader.at, 'ONLINE is written LOCK=NONE at the end, and IGNORE drops rows without a word.')
  }
  reader.expect('TABLE')
  const ifExists = reader.accept('IF', 'EXISTS')
  const from = reader.at
  const table = reader.qualifiedName()
  const tableText = reader.textFrom(from)
  if (reader.is('WAIT') || reader.is('NOWAIT')) {
    throw reader.unknown(reader.at, 'Each step waits for its lock as long as the configuration says, and tries again.')
  }
  const clauses: AlterClause[] = []
  let online: OnlineOptions = {}
  while (!reader.ended) {
    if (clauses.length > 0 || hasOptions(online)) skipComma(reader, clauses)
    if (reader.ended) throw reader.expected('a clause')
    const options = readOnlineOption(reader)
    if (options !== undefined) online = { ...online, ...options }
    else clauses.push(...readClauses(reader))
  }
  if (clauses.length === 0) throw reader.expected('a clause')
  return { kind: 'alter table', table, tableText, ifExists, clauses, online }
}

function hasOptions(online: OnlineOptions): boolean {
  return online.algorithm !== undefined || online.lock !== undefined
}

/** Table options may follow each other, and partition clauses anything, without a comma. */
function skipComma(reader: TokenReader, clauses: readonly AlterClause[]): void {
  if (reader.accept(',')) return
  const before = clauses.at(-1)?.kind
  const option = (before === 'table option' || before === 'rebuild') && isTableOption(reader)
  if (!option && !isPartitionClause(reader)) throw reader.unknown()
}

function readClauses(reader: TokenReader): readonly AlterClause[] {
  if (isPartitionClause(reader)) return [readPartitionClause(reader)]
  if (isTableOption(reader)) return [readTableOption(reader)]
  return readAlterClause(reader)
}

const ALGORITHMS = ['DEFAULT', 'INSTANT', 'INPLACE', 'NOCOPY', 'COPY'] as const
const LOCKS = ['DEFAULT', 'NONE', 'SHARED', 'EXCLUSIVE'] as const

/** `ALGORITHM [=] INPLACE` or `LOCK [=] NONE`; undefined (and nothing taken) for anything else. */
export function readOnlineOption(reader: TokenReader): OnlineOptions | undefined {
  const word = reader.acceptAny('ALGORITHM', 'LOCK')
  if (word === undefined) return undefined
  reader.accept('=')
  const known: readonly string[] = word === 'ALGORITHM' ? ALGORITHMS : LOCKS
  const value = reader.acceptAny(...known)
  if (value === undefined) throw reader.expected(known.join(', '))
  return word === 'ALGORITHM'
    ? { algorithm: value as (typeof ALGORITHMS)[number] }
    : { lock: value as (typeof LOCKS)[number] }
}
