import { type Lifted, type MadeObjects, sql, tableNameOf } from '@phasegate/core'
import type { Capabilities } from '../server/capabilities.js'
import { workOf } from './clause-work.js'
import { liftAddColumn } from './lift-add-column.js'
import { liftCheck, liftForeignKey } from './lift-constraint.js'
import { liftIndex } from './lift-index.js'
import { alterTable, type ClauseTable, fitsOperation, type LiftedClause } from './lifted.js'
import type { AlterClause, AlterTable, ColumnDefinition, ParsedStatement, StatementNode } from './statement-tree.js'

export type { Lifted } from '@phasegate/core'

type NodeOf<K extends StatementNode['kind']> = Extract<StatementNode, { kind: K }>

/**
 * The safe form of a raw statement, in the order in which it runs; undefined where it stays as it was written. Nothing that
 * the author wrote is dropped on the way: what an operation cannot carry stays SQL.
 *
 * An ALTER TABLE of several clauses is taken apart when they need different algorithms, since the server does all of them
 * in the worst one, or when each of them has an operation. ALGORITHM and LOCK in a statement are the author's own choice
 * and keep it as it is. Statements on tables that this file created are not lifted: nobody waits for those.
 *
 * Callers leave out statements under `-- verbatim` (`isVerbatim`).
 *
 * @example
 * lift(parseStatements('ALTER TABLE users ALTER email SET NOT NULL', 'x.sql')[0]!, createMadeObjects(), can)
 * // [{ operation: { kind: 'setNotNull', table: 'users', column: 'email' } }]
 */
export function lift(statement: ParsedStatement, made: MadeObjects, can: Capabilities): readonly Lifted[] | undefined {
  const { node } = statement
  if (node.kind === 'alter table') return liftAlterTable(node, made, can)
  if (node.kind === 'create index') return liftCreateIndex(node, made)
  if (node.kind === 'drop index') return liftDropIndex(node, made)
  if (node.kind === 'drop table') return liftDropTable(node, made)
  return undefined
}

function liftAlterTable(node: AlterTable, made: MadeObjects, can: Capabilities): readonly Lifted[] | undefined {
  const { clauses, table, online, ifExists } = node
  const foreign = clauses.some(isStandardNullability)
  const chosen = online.algorithm !== undefined || online.lock !== undefined
  if (ifExists || chosen || !fitsOperation(table) || clauses.some(({ kind }) => kind === 'partition')) return undefined
  if (made.hasTable(table)) return foreign ? clauses.flatMap((clause) => liftOnNew(node, clause)) : undefined
  const units = withKeyTogether(clauses)
  if (units.length > 1 && reusesName(clauses) && !foreign) return undefined
  const lifted = units.map((unit) => ({
    unit,
    clause: unit.length === 1 ? liftClause(node, unit[0]!, can) : undefined,
  }))
  const needed = lifted.some(({ clause }) => clause?.needed === true) || differ(units, can)
  if (!needed && lifted.some(({ clause }) => clause === undefined)) return undefined
  return lifted
    .toSorted((a, b) => passOf(a.unit[0]!) - passOf(b.unit[0]!))
    .flatMap(({ unit, clause }) => clause?.parts ?? [alterTable(node, unit.map(({ text }) => text).join(', '))])
}

/** `ALTER COLUMN c SET NOT NULL` is the standard's, and no statement that the server knows. */
function isStandardNullability({ kind, text }: AlterClause): boolean {
  return (kind === 'set not null' || kind === 'drop not null') && !/^modify\b/i.test(text)
}

function liftOnNew(node: AlterTable, clause: AlterClause): readonly Lifted[] {
  return liftNullability(node, clause)?.parts ?? [alterTable(node, clause.text)]
}

/**
 * A primary key that goes and one that comes are one rebuild together, and a copy and a rebuild apart. A column with
 * AUTO_INCREMENT needs its key in the same statement (error 1075).
 */
function withKeyTogether(clauses: readonly AlterClause[]): readonly (readonly AlterClause[])[] {
  const numbered = clauses.flatMap((clause) => columnOf(clause) ?? []).filter(({ autoIncrement }) => autoIncrement)
  const isKeyed = (column: string | undefined): boolean =>
    numbered.some(({ name }) => name.toLowerCase() === column?.toLowerCase())
  const ofKey = clauses.filter((clause) => {
    if (clause.kind === 'drop primary key' || clause.kind === 'add primary key') return true
    if (clause.kind === 'add index') return isKeyed(clause.index.columns[0])
    const column = columnOf(clause)
    return column !== undefined && (column.primary || column.autoIncrement)
  })
  const others = clauses.filter((clause) => !ofKey.includes(clause)).map((clause) => [clause])
  return ofKey.length === 0 ? others : [...others, ofKey]
}

/** The definition that a clause gives a column. */
function columnOf(clause: AlterClause): ColumnDefinition | undefined {
  if (clause.kind === 'add column') return clause.column
  return clause.kind === 'change column' ? clause.definition : undefined
}

/** Do units of clauses need different algorithms, so that the best of them is lost? */
function differ(units: readonly (readonly AlterClause[])[], can: Capabilities): boolean {
  const algorithms = units.map((unit) => workOf(unit[0]!, can).algorithm)
  return new Set(algorithms).size > 1
}

/** Of `DROP COLUMN a, ADD COLUMN a …` the server knows which comes first; taken apart, one of the two would fail. */
function reusesName(clauses: readonly AlterClause[]): boolean {
  const gone = clauses.flatMap((clause) => namesOf(clause).gone)
  return clauses.some((clause) => namesOf(clause).come.some((name) => gone.includes(name)))
}

function namesOf(clause: AlterClause): { readonly gone: readonly string[]; readonly come: readonly string[] } {
  const column = (name: string): string => `column ${name.toLowerCase()}`
  const index = (name: string): string => `index ${name.toLowerCase()}`
  switch (clause.kind) {
    case 'add column':
      return { gone: [], come: [column(clause.column.name)] }
    case 'drop column':
      return { gone: [column(clause.column)], come: [] }
    case 'rename column':
      return { gone: [column(clause.column)], come: [column(clause.to)] }
    case 'change column': {
      const renames = clause.column.toLowerCase() !== clause.definition.name.toLowerCase()
      return renames
        ? { gone: [column(clause.column)], come: [column(clause.definition.name)] }
        : { gone: [], come: [] }
    }
    case 'add index':
      return { gone: [], come: clause.index.name === undefined ? [] : [index(clause.index.name)] }
    case 'rename index':
      return { gone: [index(clause.name)], come: [index(clause.to)] }
    case 'drop index':
    case 'drop constraint':
    case 'drop foreign key':
      return { gone: [index(clause.name)], come: [] }
    case 'add foreign key':
      return { gone: [], come: clause.foreignKey.name === undefined ? [] : [index(clause.foreignKey.name)] }
    case 'add check':
      return { gone: [], come: clause.name === undefined ? [] : [index(clause.name)] }
    default:
      return { gone: [], come: [] }
  }
}

/**
 * What is dropped before columns change: constraints. Then columns change and come, indexes and constraints over them come,
 * and only then old indexes go, columns last: no query is left without an index on the way.
 */
function passOf({ kind }: AlterClause): number {
  switch (kind) {
    case 'drop foreign key':
    case 'drop constraint':
      return 0
    case 'add column':
      return 2
    case 'add index':
    case 'add primary key':
    case 'drop primary key':
      return 3
    case 'add foreign key':
    case 'add check':
    case 'set not null':
      return 4
    case 'drop index':
      return 5
    case 'drop column':
      return 6
    case 'rename table':
      return 7
    default:
      return 1
  }
}

function liftClause(source: ClauseTable, clause: AlterClause, can: Capabilities): LiftedClause | undefined {
  const table = tableNameOf(source.table)
  const undoable = (part: Lifted): LiftedClause => ({ parts: [part], needed: false })
  const safe = (part: Lifted | undefined): LiftedClause | undefined =>
    part === undefined ? undefined : { parts: [part], needed: true }
  switch (clause.kind) {
    case 'add column':
      return liftAddColumn(source, clause, can)
    case 'add index':
      return clause.ifNotExists ? undefined : safe(liftIndex(source.table, clause.index, true))
    case 'add foreign key':
      return clause.ifNotExists ? undefined : safe(liftForeignKey(source.table, clause.foreignKey))
    case 'add check':
      return clause.ifNotExists ? undefined : safe(liftCheck(source.table, clause))
    case 'set default': {
      const value = sql.raw(clause.value)
      return undoable({ operation: { kind: 'setDefault', table, column: clause.column, default: value } })
    }
    case 'drop default':
      return undoable({ operation: { kind: 'dropDefault', table, column: clause.column } })
    case 'drop column':
      return clause.ifExists ? undefined : undoable({ operation: { kind: 'dropColumn', table, column: clause.column } })
    case 'drop index':
      return clause.ifExists ? undefined : undoable({ operation: { kind: 'dropIndex', table, name: clause.name } })
    case 'drop constraint':
      // DROP CHECK fails where the name is a foreign key's; the operation would drop that.
      if (clause.ifExists || (can.dropCheck && /^drop\s+check\b/i.test(clause.text))) return undefined
      return undoable({ operation: { kind: 'dropConstraint', table, name: clause.name } })
    default:
      return liftNullability(source, clause)
  }
}

function liftNullability(source: ClauseTable, clause: AlterClause): LiftedClause | undefined {
  if (!isStandardNullability(clause)) return undefined
  const { kind, column } = clause as Extract<AlterClause, { kind: 'set not null' | 'drop not null' }>
  const operation = { table: tableNameOf(source.table), column }
  const part =
    kind === 'set not null'
      ? { kind: 'setNotNull' as const, ...operation }
      : { kind: 'dropNotNull' as const, ...operation }
  return { parts: [{ operation: part }], needed: true }
}

function liftCreateIndex(node: NodeOf<'create index'>, made: MadeObjects): readonly Lifted[] | undefined {
  const chosen = node.online.algorithm !== undefined || node.online.lock !== undefined
  if (made.hasTable(node.table) || node.ifNotExists || node.replaces || chosen || !fitsOperation(node.table))
    return undefined
  const operation = liftIndex(node.table, node.index, false)
  return operation === undefined ? undefined : [operation]
}

function liftDropIndex(node: NodeOf<'drop index'>, made: MadeObjects): readonly Lifted[] | undefined {
  const chosen = node.online.algorithm !== undefined || node.online.lock !== undefined
  if (made.hasTable(node.table) || node.ifExists || chosen || !fitsOperation(node.table)) return undefined
  return [{ operation: { kind: 'dropIndex', name: node.name, table: tableNameOf(node.table) } }]
}

/** Several tables in one DROP TABLE may depend on each other, so they stay together. */
function liftDropTable(node: NodeOf<'drop table'>, made: MadeObjects): readonly Lifted[] | undefined {
  const [table, second] = node.tables
  if (table === undefined || second !== undefined || node.ifExists || node.temporary) return undefined
  if (made.hasTable(table) || !fitsOperation(table)) return undefined
  return [{ operation: { kind: 'dropTable', table: tableNameOf(table) } }]
}
