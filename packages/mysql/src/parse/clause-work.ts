import { UNCHECKED } from '../compile/marks.js'
import type { Capabilities } from '../server/capabilities.js'
import { readQuery } from './read-query.js'
import type { AlterClause, AlterTable, ColumnDefinition, IndexDefinition, OnlineOptions } from './statement-tree.js'
import { readTokens } from './tokens.js'

/** What the server must do for a clause, in the best way that it knows. */
export interface Work {
  /** `NOCOPY`: in place without building the table anew; MySQL has no word for it and calls it INPLACE. */
  readonly algorithm: Algorithm
  /** Writers wait for as long as it takes. */
  readonly blocksWrites: boolean
  readonly duration: 'instant' | 'scan' | 'build' | 'rewrite'
}

const ALGORITHMS = ['INSTANT', 'NOCOPY', 'INPLACE', 'COPY'] as const

export type Algorithm = (typeof ALGORITHMS)[number]

const DURATIONS: readonly Work['duration'][] = ['instant', 'scan', 'build', 'rewrite']

const instant: Work = { algorithm: 'INSTANT', blocksWrites: false, duration: 'instant' }
/** Only the catalog, but the server calls it in place: DROP INDEX. */
const inCatalog: Work = { algorithm: 'NOCOPY', blocksWrites: false, duration: 'instant' }
const build: Work = { algorithm: 'NOCOPY', blocksWrites: false, duration: 'build' }
const blockingBuild: Work = { algorithm: 'INPLACE', blocksWrites: true, duration: 'build' }
const rebuild: Work = { algorithm: 'INPLACE', blocksWrites: false, duration: 'rewrite' }
const blockingRebuild: Work = { ...rebuild, blocksWrites: true }
const blockingCopy: Work = { algorithm: 'COPY', blocksWrites: true, duration: 'rewrite' }

/**
 * Sources: MySQL Reference Manual, "Online DDL Operations"; MariaDB documentation, "InnoDB Online DDL Operations"; measured
 * on MySQL 9.7.4 and MariaDB 10.11.19 (test/facts/mysql-facts.test.ts).
 */
export function workOf(clause: AlterClause, can: Capabilities): Work {
  const names = can.instantNames ? instant : inCatalog
  const copy: Work = { ...blockingCopy, blocksWrites: !can.copyBesideTraffic }
  switch (clause.kind) {
    case 'add column':
      return newColumnWork(clause.column, clause.place, copy, can)
    case 'drop column':
      return can.instantDropColumn ? instant : rebuild
    case 'rename column':
      return can.instantRenameColumn ? instant : inCatalog
    case 'change column':
      // What the column is today is not in the file; most changes of type copy the table, and the worst one is assumed.
      return blockingCopy
    case 'set default':
    case 'drop default':
    case 'column visibility':
    case 'rename table':
      return instant
    case 'set not null':
    case 'drop not null':
    case 'add primary key':
      return rebuild
    case 'add index':
      return indexWork(clause.index)
    case 'drop index':
    case 'drop constraint':
      return inCatalog
    case 'rename index':
    case 'index visibility':
    case 'drop foreign key':
    case 'table option':
      return names
    case 'drop primary key':
      return copy
    case 'add foreign key':
      return clause.text.includes(UNCHECKED) ? build : copy
    case 'add check':
    case 'alter check':
      return clause.enforced ? copy : instant
    case 'rebuild':
      // ORDER BY takes no ALGORITHM and no LOCK behind it, so that nothing can be asked of the server.
      if (clause.what === 'order by') return blockingCopy
      return clause.copies ? copy : rebuild
    case 'partition':
      return { ...blockingCopy, duration: clause.work }
  }
}

function newColumnWork(
  column: ColumnDefinition,
  place: 'last' | 'first' | 'after',
  copy: Work,
  can: Capabilities,
): Work {
  const has = (check: (part: ColumnDefinition['parts'][number]) => boolean): boolean => column.parts.some(check)
  if (column.generated === 'stored') return copy
  if (column.expressionDefault && !(can.instantExpressionDefault && isConstant(column.default ?? ''))) return copy
  if (has((part) => part.kind === 'check' && part.check.enforced) && !can.instantCheckedColumn) return copy
  if (column.references !== undefined && can.inlineReferences) return copy
  if (column.autoIncrement) return blockingRebuild
  if (column.unique || column.primary) return rebuild
  return can.instantAnywhere || (can.instant && place === 'last') ? instant : rebuild
}

/** MariaDB computes a default once for all rows, unless it reads the row or differs by nature (measured on 10.11). */
function isConstant(expression: string): boolean {
  const { columns, functions, takesNumber } = readQuery(readTokens(expression, ''))
  return columns.length === 0 && !takesNumber && !functions.some((name) => /^(UUID|SYS_GUID|RANDOM_BYTES)/.test(name))
}

export function indexWork(index: IndexDefinition): Work {
  // The first one adds a hidden column to every row (MySQL Reference Manual, "InnoDB Full-Text Indexes").
  if (index.kind === 'fulltext') return blockingRebuild
  // An index on an expression adds a hidden virtual column with it, and LOCK=NONE is refused.
  const plain = (index.kind === 'index' || index.kind === 'unique') && index.columns.every((name) => name !== undefined)
  return plain ? build : blockingBuild
}

export const dropIndexWork: Work = inCatalog

/** All clauses of one statement together, where it names neither ALGORITHM nor LOCK. */
export function combinedWork(clauses: readonly AlterClause[], can: Capabilities): Work {
  const works = clauses.map((clause) => workOf(clause, can))
  const replacesKey = ['drop primary key', 'add primary key'].every((kind) =>
    clauses.some((each) => each.kind === kind),
  )
  const counted = replacesKey
    ? works.map((work, index) => (clauses[index]!.kind === 'drop primary key' ? rebuild : work))
    : works
  const combined = counted.reduce(heavier, instant)
  return combined.algorithm !== 'INSTANT' && rebuildsBeside(clauses, combined, can)
    ? heavier(combined, rebuild)
    : combined
}

/** A new or dropped column beside what is not instant is not instant either; MariaDB drops one beside its index, though. */
function rebuildsBeside(clauses: readonly AlterClause[], { duration }: Work, can: Capabilities): boolean {
  if (clauses.some(({ kind }) => kind === 'add column')) return true
  const drops = clauses.some(({ kind }) => kind === 'drop column')
  return drops && (duration !== 'instant' || can.indexAlgorithm === 'INPLACE')
}

function heavier(a: Work, b: Work): Work {
  return {
    algorithm: ALGORITHMS.indexOf(b.algorithm) > ALGORITHMS.indexOf(a.algorithm) ? b.algorithm : a.algorithm,
    blocksWrites: a.blocksWrites || b.blocksWrites,
    duration: DURATIONS.indexOf(b.duration) > DURATIONS.indexOf(a.duration) ? b.duration : a.duration,
  }
}

/**
 * The same with ALGORITHM and LOCK as they are written: those are trusted, since the server refuses what it cannot do so
 * (errors 1845, 1846).
 */
export function requestedWork(work: Work, { algorithm, lock }: OnlineOptions, can: Capabilities): Work {
  const asked = algorithmWork(work, algorithm, can)
  if (lock === 'NONE') return { ...asked, blocksWrites: false }
  return lock === 'SHARED' || lock === 'EXCLUSIVE' ? { ...asked, blocksWrites: asked.duration !== 'instant' } : asked
}

function algorithmWork(work: Work, algorithm: OnlineOptions['algorithm'], can: Capabilities): Work {
  if (algorithm === undefined || algorithm === 'DEFAULT') return work
  if (algorithm === 'INSTANT') return instant
  if (algorithm === 'COPY') return { ...blockingCopy, blocksWrites: !can.copyBesideTraffic }
  if (work.algorithm === 'COPY') return algorithm === 'NOCOPY' ? build : rebuild
  // MariaDB takes INPLACE as the most that may be done, MySQL as what is done.
  return work.algorithm === 'INSTANT' && can.indexAlgorithm === 'INPLACE' ? rebuild : work
}

/** What an ALTER TABLE costs as it is written. */
export function alterTableWork({ clauses, online }: AlterTable, can: Capabilities): Work {
  return requestedWork(combinedWork(clauses, can), online, can)
}
