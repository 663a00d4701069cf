import type { Lifted, QualifiedName } from '@phasegate/core'

export type { Lifted } from '@phasegate/core'

/** How one clause is lifted. */
export interface LiftedClause {
  readonly parts: readonly Lifted[]
  /** As written it would keep others waiting, or the server does not know it; else lifting only tells how to undo it. */
  readonly needed: boolean
}

/** The table of an ALTER TABLE, and the table as the statement writes it. */
export interface ClauseTable {
  readonly table: QualifiedName
  readonly tableText: string
}

/** An operation takes a bare table name without a dot in it, since `a.b` there is nearly always a mistake. */
export function fitsOperation(table: QualifiedName): boolean {
  return table.schema !== undefined || !table.name.includes('.')
}

export function alterTable({ tableText }: ClauseTable, clause: string): Lifted {
  return { statement: `ALTER TABLE ${tableText} ${clause}` }
}
