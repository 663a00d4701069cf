import { partOf, type QualifiedName } from '@phasegate/core'
import type { Constraint } from 'libpg-query'
import { defaultName } from '../default-names.js'
import { relationName, strings } from '../names.js'
import { columnsOf, readsColumns } from './columns-read.js'
import type { FactsDraft } from './facts-draft.js'

/** Columns that a table constraint speaks of. */
export function constraintColumns(constraint: Constraint): string[] {
  if (constraint.contype === 'CONSTR_CHECK') return columnsOf(constraint.raw_expr)
  if (constraint.contype === 'CONSTR_FOREIGN') return strings(constraint.fk_attrs)
  if (constraint.contype === 'CONSTR_EXCLUSION') return excludedColumns(constraint)
  return strings(constraint.keys)
}

function excludedColumns(constraint: Constraint): string[] {
  return (constraint.exclusions ?? []).flatMap((pair) => {
    const element = 'List' in pair ? pair.List.items?.[0] : undefined
    if (element === undefined || !('IndexElem' in element)) return []
    return element.IndexElem.name === undefined ? columnsOf(element.IndexElem.expr) : [element.IndexElem.name]
  })
}

/** The constraint's name, or the one that PostgreSQL will give it. */
export function constraintName(table: QualifiedName, constraint: Constraint): string {
  if (constraint.conname !== undefined) return constraint.conname
  if (constraint.indexname !== undefined) return constraint.indexname
  const columns = constraintColumns(constraint)
  switch (constraint.contype) {
    case 'CONSTR_FOREIGN':
      return defaultName(table.name, columns, 'fkey')
    case 'CONSTR_UNIQUE':
      return defaultName(table.name, columns, 'key')
    case 'CONSTR_PRIMARY':
      return defaultName(table.name, [], 'pkey')
    case 'CONSTR_EXCLUSION':
      return defaultName(table.name, columns, 'excl')
    case 'CONSTR_NOTNULL':
      return defaultName(table.name, [...columns, 'not'], 'null')
    default:
      return defaultName(table.name, columns.length === 1 ? columns : [], 'check')
  }
}

/** Is it checked against the rows that are there when it is added? */
function validates(constraint: Constraint): boolean {
  return constraint.skip_validation !== true
}

/**
 * `ADD CONSTRAINT` on a table, and a constraint written beside a new column. Locks as measured on PostgreSQL 14 to 18
 * (PostgreSQL docs: ALTER TABLE; FOREIGN KEY takes SHARE ROW EXCLUSIVE on both tables, everything else ACCESS EXCLUSIVE).
 *
 * @param column the new column beside which it is written
 */
export function readConstraint(
  draft: FactsDraft,
  table: QualifiedName,
  constraint: Constraint,
  column?: { readonly name: string; readonly filled: boolean },
): void {
  const written = constraintColumns(constraint)
  const columns = written.length === 0 && column !== undefined ? [column.name] : written
  const shared = {
    onNew: draft.made.hasTable(table),
    onNewColumn:
      columns.length > 0 && columns.every((name) => name === column?.name || draft.made.hasColumn(table, name)),
  }
  const named =
    column === undefined || written.length > 0
      ? constraintName(table, constraint)
      : constraintName(table, { ...constraint, [keysOf(constraint)]: [{ String: { sval: column.name } }] })
  const object = partOf(table, 'constraint', named)
  const add = (what: string, tightens = true): void =>
    draft.change({ action: 'create', object, what: `${what}${suffix(constraint)}`, tightens, ...shared })

  switch (constraint.contype) {
    case 'CONSTR_FOREIGN': {
      // Beside a new column that is null in every row there is nothing to look up.
      const scans = validates(constraint) && (column === undefined || column.filled)
      const referenced = relationName(constraint.pktable)
      add('add foreign key', constraint.is_enforced === true)
      draft.lock('SHARE ROW EXCLUSIVE', table, scans ? 'scan' : 'instant')
      draft.lock('SHARE ROW EXCLUSIVE', referenced, scans ? 'scan' : 'instant')
      readsColumns(draft, referenced, strings(constraint.pk_attrs), 'referenced by foreign key')
      break
    }
    case 'CONSTR_CHECK':
      add('add check', constraint.is_enforced === true)
      draft.lock('ACCESS EXCLUSIVE', table, validates(constraint) ? 'scan' : 'instant')
      break
    case 'CONSTR_NOTNULL':
      add('add not null')
      draft.lock('ACCESS EXCLUSIVE', table, validates(constraint) ? 'scan' : 'instant')
      break
    case 'CONSTR_UNIQUE':
    case 'CONSTR_PRIMARY':
    case 'CONSTR_EXCLUSION':
      readKey(draft, table, constraint, named, add, shared)
      break
    default:
      draft.opaque('add a constraint of an unknown kind', named)
  }
  if (column === undefined) readsColumns(draft, table, columns, 'used by constraint')
}

function keysOf(constraint: Constraint): 'fk_attrs' | 'keys' {
  return constraint.contype === 'CONSTR_FOREIGN' ? 'fk_attrs' : 'keys'
}

function suffix(constraint: Constraint): string {
  const enforceable = constraint.contype === 'CONSTR_FOREIGN' || constraint.contype === 'CONSTR_CHECK'
  if (enforceable && constraint.is_enforced !== true) return ' not enforced'
  return validates(constraint) ? '' : ' not valid'
}

function readKey(
  draft: FactsDraft,
  table: QualifiedName,
  constraint: Constraint,
  name: string,
  add: (what: string) => void,
  shared: { onNew: boolean; onNewColumn: boolean },
): void {
  const kind =
    constraint.contype === 'CONSTR_UNIQUE'
      ? 'unique'
      : constraint.contype === 'CONSTR_PRIMARY'
        ? 'primary key'
        : 'exclusion constraint'
  const schema = table.schema === undefined ? {} : { schema: table.schema }
  if (constraint.indexname === undefined) {
    add(`add ${kind}`)
    draft.change({ action: 'create', object: { type: 'index', ...schema, name }, what: 'create index', ...shared })
    draft.lock('ACCESS EXCLUSIVE', table, 'build')
    return
  }
  add(`add ${kind} using index`)
  const index = { type: 'index', ...schema, name: constraint.indexname } as const
  draft.change({ action: 'read', object: index, what: 'used by constraint', ...shared })
  // A primary key over a column that may be null sets NOT NULL, which reads the table; only the catalog knows.
  draft.lock('ACCESS EXCLUSIVE', table, constraint.contype === 'CONSTR_PRIMARY' ? 'scan' : 'instant')
}
