import type { AlterTableType } from 'libpg-query'
import type { Duration, LockMode } from './facts-draft.js'

/** What a clause is about: the column it names, a constraint or trigger of that name, or the table itself. */
type Subject = 'column' | 'constraint' | 'trigger' | 'table' | 'rule'

export interface AlterClause {
  readonly what: string
  readonly on: Subject
  readonly lock: LockMode
  readonly duration?: Duration
  readonly destroys?: true
  readonly tightens?: true
}

const exclusive = 'ACCESS EXCLUSIVE'
const update = 'SHARE UPDATE EXCLUSIVE'
const rowExclusive = 'SHARE ROW EXCLUSIVE'

/**
 * Clauses that need no look at their arguments. Lock modes: PostgreSQL docs, ALTER TABLE (each form says its own, else
 * ACCESS EXCLUSIVE); durations measured on PostgreSQL 14 to 18, where they are the same.
 */
export const ALTER_CLAUSES: Partial<Record<AlterTableType, AlterClause>> = {
  AT_DropNotNull: { what: 'drop not null', on: 'column', lock: exclusive },
  AT_SetExpression: { what: 'set expression', on: 'column', lock: exclusive, duration: 'rewrite' },
  AT_DropExpression: { what: 'drop expression', on: 'column', lock: exclusive, tightens: true },
  AT_SetStatistics: { what: 'set statistics', on: 'column', lock: update },
  AT_SetOptions: { what: 'set column options', on: 'column', lock: update },
  AT_ResetOptions: { what: 'reset column options', on: 'column', lock: update },
  AT_SetStorage: { what: 'set storage', on: 'column', lock: exclusive },
  AT_SetCompression: { what: 'set compression', on: 'column', lock: exclusive },
  AT_DropColumn: { what: 'drop column', on: 'column', lock: exclusive, destroys: true },
  // Without the catalog the old type is unknown, and most changes of type write the table anew.
  AT_AlterColumnType: { what: 'alter type', on: 'column', lock: exclusive, duration: 'rewrite', tightens: true },
  AT_AlterColumnGenericOptions: { what: 'set column options', on: 'column', lock: exclusive },
  AT_AddIdentity: { what: 'add identity', on: 'column', lock: exclusive },
  AT_SetIdentity: { what: 'set identity', on: 'column', lock: exclusive },
  AT_DropIdentity: { what: 'drop identity', on: 'column', lock: exclusive, tightens: true },
  AT_ValidateConstraint: { what: 'validate constraint', on: 'constraint', lock: update, duration: 'scan' },
  AT_DropConstraint: { what: 'drop constraint', on: 'constraint', lock: exclusive },
  AT_EnableTrig: { what: 'enable trigger', on: 'trigger', lock: rowExclusive },
  AT_EnableAlwaysTrig: { what: 'enable trigger', on: 'trigger', lock: rowExclusive },
  AT_EnableReplicaTrig: { what: 'enable trigger', on: 'trigger', lock: rowExclusive },
  AT_EnableTrigAll: { what: 'enable trigger', on: 'trigger', lock: rowExclusive },
  AT_EnableTrigUser: { what: 'enable trigger', on: 'trigger', lock: rowExclusive },
  AT_DisableTrig: { what: 'disable trigger', on: 'trigger', lock: rowExclusive, destroys: true },
  AT_DisableTrigAll: { what: 'disable trigger', on: 'trigger', lock: rowExclusive, destroys: true },
  AT_DisableTrigUser: { what: 'disable trigger', on: 'trigger', lock: rowExclusive, destroys: true },
  AT_EnableRule: { what: 'enable rule', on: 'rule', lock: exclusive },
  AT_EnableAlwaysRule: { what: 'enable rule', on: 'rule', lock: exclusive },
  AT_EnableReplicaRule: { what: 'enable rule', on: 'rule', lock: exclusive },
  AT_DisableRule: { what: 'disable rule', on: 'rule', lock: exclusive, destroys: true },
  AT_ChangeOwner: { what: 'change owner', on: 'table', lock: exclusive, tightens: true },
  AT_ClusterOn: { what: 'cluster on', on: 'table', lock: update },
  AT_DropCluster: { what: 'set without cluster', on: 'table', lock: update },
  AT_DropOids: { what: 'set without oids', on: 'table', lock: exclusive },
  AT_SetLogged: { what: 'set logged', on: 'table', lock: exclusive, duration: 'rewrite' },
  AT_SetUnLogged: { what: 'set unlogged', on: 'table', lock: exclusive, duration: 'rewrite' },
  AT_SetAccessMethod: { what: 'set access method', on: 'table', lock: exclusive, duration: 'rewrite' },
  AT_SetTableSpace: { what: 'set tablespace', on: 'table', lock: exclusive, duration: 'rewrite' },
  AT_AddOf: { what: 'of type', on: 'table', lock: exclusive },
  AT_DropOf: { what: 'not of', on: 'table', lock: exclusive },
  AT_ReplicaIdentity: { what: 'replica identity', on: 'table', lock: exclusive },
  AT_EnableRowSecurity: { what: 'enable row security', on: 'table', lock: exclusive, tightens: true },
  AT_DisableRowSecurity: { what: 'disable row security', on: 'table', lock: exclusive },
  AT_ForceRowSecurity: { what: 'force row security', on: 'table', lock: exclusive, tightens: true },
  AT_NoForceRowSecurity: { what: 'no force row security', on: 'table', lock: exclusive },
  AT_GenericOptions: { what: 'set options', on: 'table', lock: exclusive },
}
