import type { Lifted, QualifiedName, Token } from '@phasegate/core'
import { quoteName } from '../quoting.js'

/** How one clause is lifted. */
export interface LiftedClause {
  readonly parts: readonly Lifted[]
  /** As written it would keep others waiting for longer than an instant; else lifting only tells how to undo it. */
  readonly needed: boolean
}

/** One clause of an ALTER TABLE in its own text. */
export interface ClauseSource {
  readonly table: QualifiedName
  /** The table as the statement writes it. */
  readonly tableText: string
  /** The whole statement, which token positions refer to. */
  readonly text: string
  /** The tokens of the clause, without comments. */
  readonly tokens: readonly Token[]
}

/** An operation takes a bare table name without a dot in it, since `a.b` there is nearly always a mistake. */
export function fitsOperation(table: QualifiedName): boolean {
  return table.schema !== undefined || !table.name.includes('.')
}

export function alterTable(source: ClauseSource, clause: string): Lifted {
  return { statement: `ALTER TABLE ${source.tableText} ${clause}` }
}

export function quotedList(names: readonly string[]): string {
  return `(${names.map(quoteName).join(', ')})`
}

export function quotedName(name: QualifiedName): string {
  return [...(name.schema === undefined ? [] : [name.schema]), name.name].map(quoteName).join('.')
}
