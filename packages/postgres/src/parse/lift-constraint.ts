import {
  findToken,
  insideBrackets,
  type Lifted,
  type ReferentialAction,
  sql,
  type Token,
  tableNameOf,
  textOf,
} from '@phasegate/core'
import type { Constraint } from 'libpg-query'
import { quoteName } from '../quoting.js'
import { constraintName } from './facts/constraint-facts.js'
import { alterTable, type ClauseSource, fitsOperation, quotedList } from './lifted.js'
import { relationName, strings } from './names.js'

/** A constraint as it stands in the text, in a clause of its own or beside a column. */
export interface WrittenConstraint {
  readonly constraint: Constraint
  /** Its tokens, from `CONSTRAINT name` to its last attribute. */
  readonly tokens: readonly Token[]
}

/**
 * A constraint in the form that blocks nobody: NOT VALID, then VALIDATE; a unique one on an index that was built
 * concurrently. Undefined where there is nothing to gain (it is NOT VALID or NOT ENFORCED already) or no such form (PRIMARY
 * KEY, EXCLUDE).
 */
export function liftConstraint(source: ClauseSource, written: WrittenConstraint): readonly Lifted[] | undefined {
  const { constraint } = written
  if (constraint.contype === 'CONSTR_NOTNULL') return liftNotNull(source, constraint)
  if (constraint.contype === 'CONSTR_UNIQUE') return liftUnique(source, written)
  if (constraint.skip_validation === true || constraint.is_enforced !== true) return undefined
  if (constraint.contype === 'CONSTR_FOREIGN') return liftForeignKey(source, written)
  if (constraint.contype === 'CONSTR_CHECK') return liftCheck(source, written)
  return undefined
}

/** `ADD NOT NULL c` of PostgreSQL 18; one with a name of its own has no operation. */
function liftNotNull(source: ClauseSource, constraint: Constraint): readonly Lifted[] | undefined {
  const [column] = strings(constraint.keys)
  const plain = constraint.conname === undefined && constraint.skip_validation !== true && !constraint.is_no_inherit
  if (column === undefined || !plain) return undefined
  return [{ operation: { kind: 'setNotNull', table: tableNameOf(source.table), column } }]
}

function liftCheck(source: ClauseSource, { constraint, tokens }: WrittenConstraint): readonly Lifted[] {
  const open = findToken(tokens, 'CHECK') + 1
  const expression = textOf(source.text, insideBrackets(tokens, open))
  const attributes = tokens.slice(open + insideBrackets(tokens, open).length + 2)
  if (attributes.every((token) => token.keyword === 'ENFORCED')) {
    const name = constraint.conname === undefined ? {} : { name: constraint.conname }
    const table = tableNameOf(source.table)
    return [{ operation: { kind: 'addCheck', table, check: sql.raw(expression), ...name } }]
  }
  return notValidThenValidate(source, constraint, textOf(source.text, tokens.slice(open - 1)))
}

const ACTIONS: Readonly<Record<string, ReferentialAction>> = {
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
}

function liftForeignKey(source: ClauseSource, { constraint, tokens }: WrittenConstraint): readonly Lifted[] {
  const columns = strings(constraint.fk_attrs)
  const referenced = strings(constraint.pk_attrs)
  if (referenced.length > 0 && isPlainForeignKey(constraint)) {
    const onDelete = ACTIONS[constraint.fk_del_action ?? '']
    const onUpdate = ACTIONS[constraint.fk_upd_action ?? '']
    return [
      {
        operation: {
          kind: 'addForeignKey',
          table: tableNameOf(source.table),
          columns,
          references: { table: tableNameOf(relationName(constraint.pktable)), columns: referenced },
          ...(constraint.conname === undefined ? {} : { name: constraint.conname }),
          ...(onDelete === undefined ? {} : { onDelete }),
          ...(onUpdate === undefined ? {} : { onUpdate }),
        },
      },
    ]
  }
  const references = textOf(source.text, tokens.slice(findToken(tokens, 'REFERENCES')))
  return notValidThenValidate(source, constraint, `FOREIGN KEY ${quotedList(columns)} ${references}`)
}

function isPlainForeignKey(constraint: Constraint): boolean {
  return (
    constraint.fk_matchtype === 's' &&
    constraint.fk_del_set_cols === undefined &&
    constraint.deferrable !== true &&
    constraint.initdeferred !== true &&
    constraint.fk_with_period !== true &&
    constraint.pktable?.catalogname === undefined &&
    fitsOperation(relationName(constraint.pktable))
  )
}

/** For what an operation cannot carry: DEFERRABLE, MATCH FULL, NO INHERIT, a reference to the primary key by default. */
function notValidThenValidate(source: ClauseSource, constraint: Constraint, definition: string): readonly Lifted[] {
  const name = quoteName(constraintName(source.table, constraint))
  return [
    alterTable(source, `ADD CONSTRAINT ${name} ${definition} NOT VALID`),
    alterTable(source, `VALIDATE CONSTRAINT ${name}`),
  ]
}

function liftUnique(source: ClauseSource, { constraint, tokens }: WrittenConstraint): readonly Lifted[] | undefined {
  if (constraint.indexname !== undefined || constraint.without_overlaps === true) return undefined
  const columns = strings(constraint.keys)
  const included = strings(constraint.including)
  const deferral = [
    constraint.deferrable === true ? 'DEFERRABLE' : '',
    constraint.initdeferred === true ? 'INITIALLY DEFERRED' : '',
  ]
  const withAt = findToken(tokens, 'WITH')
  const storage = [
    included.length === 0 ? '' : `INCLUDE ${quotedList(included)}`,
    constraint.nulls_not_distinct === true ? 'NULLS NOT DISTINCT' : '',
    withAt === -1 ? '' : `WITH (${textOf(source.text, insideBrackets(tokens, withAt + 1))})`,
    constraint.indexspace === undefined ? '' : `TABLESPACE ${quoteName(constraint.indexspace)}`,
  ]
  if ([...deferral, ...storage].every((part) => part === '')) {
    const name = constraint.conname === undefined ? {} : { name: constraint.conname }
    return [{ operation: { kind: 'addUnique', table: tableNameOf(source.table), columns, ...name } }]
  }
  const name = quoteName(constraintName(source.table, constraint))
  const join = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' ')
  const index = `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${source.tableText} ${quotedList(columns)}`
  return [
    { statement: join(index, ...storage) },
    alterTable(source, join(`ADD CONSTRAINT ${name} UNIQUE USING INDEX ${name}`, ...deferral)),
  ]
}
