import { partOf, type QualifiedName } from '@phasegate/core'
import type { ColumnDef, Constraint, Node } from 'libpg-query'
import { mayBeVolatile } from '../functions.js'
import { nameOfNodes, strings } from '../names.js'
import { readConstraint } from './constraint-facts.js'
import type { FactsDraft } from './facts-draft.js'

const SERIAL = new Set(['serial', 'serial2', 'serial4', 'serial8', 'smallserial', 'bigserial'])

/** What the definition of a column says, in one place. */
export interface ColumnShape {
  readonly name: string
  readonly notNull: boolean
  readonly serial: boolean
  readonly identity: boolean
  readonly generated: 'stored' | 'virtual' | undefined
  /** The default, where there is one that is not NULL. */
  readonly default: Node | undefined
  /** CHECK, UNIQUE, PRIMARY KEY, REFERENCES. */
  readonly constraints: readonly Constraint[]
}

export function columnShape(column: ColumnDef): ColumnShape {
  const constraints = (column.constraints ?? []).flatMap((node) => ('Constraint' in node ? [node.Constraint] : []))
  const find = (type: Constraint['contype']): Constraint | undefined =>
    constraints.find((constraint) => constraint.contype === type)
  const generated = find('CONSTR_GENERATED')
  const fallback = find('CONSTR_DEFAULT')?.raw_expr
  return {
    name: column.colname ?? '',
    notNull: find('CONSTR_NOTNULL') !== undefined || find('CONSTR_PRIMARY') !== undefined,
    serial: SERIAL.has(strings(column.typeName?.names).at(-1) ?? ''),
    identity: find('CONSTR_IDENTITY') !== undefined,
    generated: generated === undefined ? undefined : generated.generated_kind === 'v' ? 'virtual' : 'stored',
    default: fallback === undefined || isNull(fallback) ? undefined : fallback,
    constraints: withAttributes(constraints),
  }
}

function isNull(node: Node): boolean {
  if ('TypeCast' in node && node.TypeCast.arg !== undefined) return isNull(node.TypeCast.arg)
  return 'A_Const' in node && node.A_Const.isnull === true
}

const OWN_KINDS = ['CONSTR_CHECK', 'CONSTR_UNIQUE', 'CONSTR_PRIMARY', 'CONSTR_FOREIGN']

/** `NOT ENFORCED` beside a column is a node of its own that belongs to the constraint before it. */
function withAttributes(constraints: readonly Constraint[]): Constraint[] {
  const own: Constraint[] = []
  for (const constraint of constraints) {
    if (OWN_KINDS.includes(constraint.contype ?? '')) own.push(constraint)
    const last = own.at(-1)
    if (constraint.contype === 'CONSTR_ATTR_NOT_ENFORCED' && last !== undefined) {
      own[own.length - 1] = { ...last, is_enforced: false, skip_validation: true }
    }
  }
  return own
}

/**
 * `ADD COLUMN`. A constant or stable default is stored once in the catalog; one that may differ for each row, a serial, an
 * identity, a stored generated column and a domain with a constraint write the table anew (PostgreSQL docs: ALTER TABLE,
 * Notes). A function that is not known to be stable counts as one that is not. A type that is neither built in nor made in
 * this file is taken for an enum or base type, since only the catalog could tell it from a domain with a constraint; the
 * short statement timeout of an instant step bounds that case.
 */
export function readAddColumn(draft: FactsDraft, table: QualifiedName, column: ColumnDef, ifNotExists = false): void {
  const shape = columnShape(column)
  const object = partOf(table, 'column', shape.name)
  const filled = shape.default !== undefined || shape.serial || shape.identity || shape.generated !== undefined
  draft.change({
    action: 'create',
    object,
    what: `add column${filled ? ' with default' : ''}${ifNotExists ? ' if not exists' : ''}`,
    // Writes of the old code leave the column out.
    tightens: shape.notNull && !filled,
    onNew: draft.made.hasTable(table),
  })
  draft.lock('ACCESS EXCLUSIVE', table, duration(draft, column, shape, filled))
  const type = nameOfNodes(column.typeName?.names)
  if (draft.made.hasObject('type', type)) {
    draft.change({ action: 'read', object: { type: 'type', ...type }, what: 'used by column', onNew: true })
  }
  for (const constraint of shape.constraints) readConstraint(draft, table, constraint, { name: shape.name, filled })
}

function duration(draft: FactsDraft, column: ColumnDef, shape: ColumnShape, filled: boolean) {
  const type = nameOfNodes(column.typeName?.names)
  const rewrites =
    shape.serial ||
    shape.identity ||
    shape.generated === 'stored' ||
    (shape.default !== undefined && mayBeVolatile(shape.default)) ||
    draft.made.hasDomain(type)
  if (rewrites) return 'rewrite'
  const scans = shape.notNull && (!filled || shape.generated === 'virtual')
  return scans ? 'scan' : 'instant'
}
