import { findToken, type Lifted, sql, type Token, tableNameOf, textOf } from '@phasegate/core'
import type { ColumnDef, Constraint } from 'libpg-query'
import { columnShape } from './facts/add-column-facts.js'
import { functionKind, functionsCalled } from './functions.js'
import { liftConstraint, type WrittenConstraint } from './lift-constraint.js'
import { alterTable, type ClauseSource, type LiftedClause } from './lifted.js'

interface Part {
  readonly constraint: Constraint | undefined
  readonly tokens: readonly Token[]
}

/**
 * `ADD COLUMN`: the column first, then each constraint that was written beside it in its safe form. A constant default with
 * NOT NULL is an instant and stays together. What the operation cannot carry (a collation, an identity, IF NOT EXISTS, a
 * volatile default) stays SQL, and the safety check judges it.
 */
export function liftAddColumn(source: ClauseSource, column: ColumnDef, ifNotExists: boolean): LiftedClause | undefined {
  const parts = partsOf(source, column)
  const shape = columnShape(column)
  const filled = shape.default !== undefined || shape.serial || shape.identity || shape.generated !== undefined
  const beside = constraintsOf(parts, column.colname ?? '')
  if (beside.some(({ constraint }) => constraint.contype === 'CONSTR_PRIMARY')) return undefined
  const lifted = beside.map((written) => ({ written, parts: liftConstraint(source, written) }))
  const needed = lifted.some(
    ({ written, parts: safe }) =>
      // A foreign key over a column that is null everywhere has nothing to look up.
      safe !== undefined && (filled || written.constraint.contype !== 'CONSTR_FOREIGN'),
  )
  const taken = new Set(lifted.flatMap(({ written, parts: safe }) => (safe === undefined ? [] : written.tokens)))
  const rest = source.tokens.filter((token) => !taken.has(token))
  const constraints = lifted.flatMap(({ parts: safe }) => safe ?? [])
  if (constraints.length > 0 && !needed) return undefined
  const operation = ifNotExists
    ? undefined
    : addColumn(
        source,
        column,
        parts,
        lifted.every(({ parts: safe }) => safe !== undefined),
      )
  if (operation === undefined && constraints.length === 0) return undefined
  return { parts: [operation ?? alterTable(source, joined(source, rest)), ...constraints], needed }
}

/** The pieces behind the type, each from its first token to the next one's. */
function partsOf(source: ClauseSource, column: ColumnDef): Part[] {
  const constraints = (column.constraints ?? []).flatMap((node) => ('Constraint' in node ? [node.Constraint] : []))
  const starts: { at: number; constraint: Constraint | undefined }[] = constraints.map((constraint) => ({
    at: constraint.location ?? 0,
    constraint,
  }))
  if (column.collClause !== undefined) starts.push({ at: column.collClause.location ?? 0, constraint: undefined })
  starts.sort((a, b) => a.at - b.at)
  return starts.map(({ at, constraint }, index) => {
    const end = starts[index + 1]?.at ?? Number.POSITIVE_INFINITY
    return { constraint, tokens: source.tokens.filter((token) => token.start >= at && token.start < end) }
  })
}

const OWN = ['CONSTR_CHECK', 'CONSTR_UNIQUE', 'CONSTR_PRIMARY', 'CONSTR_FOREIGN']

/** Constraints with their attributes, which the grammar gives as nodes of their own, and with the column that they mean. */
function constraintsOf(parts: readonly Part[], column: string): WrittenConstraint[] {
  const written: WrittenConstraint[] = []
  const names = [{ String: { sval: column } }]
  for (const { constraint, tokens } of parts) {
    const type = constraint?.contype ?? ''
    const last = written.at(-1)
    if (constraint !== undefined && OWN.includes(type)) {
      const own =
        type === 'CONSTR_FOREIGN'
          ? { ...constraint, fk_attrs: names }
          : type === 'CONSTR_CHECK'
            ? constraint
            : { ...constraint, keys: names }
      written.push({ constraint: own, tokens })
    } else if (type.startsWith('CONSTR_ATTR_') && last !== undefined) {
      written[written.length - 1] = {
        constraint: { ...last.constraint, ...attribute(type) },
        tokens: [...last.tokens, ...tokens],
      }
    }
  }
  return written
}

function attribute(type: string): Partial<Constraint> {
  if (type === 'CONSTR_ATTR_DEFERRABLE') return { deferrable: true }
  if (type === 'CONSTR_ATTR_DEFERRED') return { deferrable: true, initdeferred: true }
  if (type === 'CONSTR_ATTR_NOT_ENFORCED') return { is_enforced: false, skip_validation: true }
  return {}
}

/** The operation, or undefined where it cannot carry everything that was written. */
function addColumn(
  source: ClauseSource,
  column: ColumnDef,
  parts: readonly Part[],
  constraintsTaken: boolean,
): Lifted | undefined {
  const shape = columnShape(column)
  const kinds = parts.map(({ constraint }) => constraint?.contype)
  const bare =
    constraintsTaken &&
    column.storage_name === undefined &&
    column.compression === undefined &&
    column.fdwoptions === undefined &&
    !kinds.includes(undefined) &&
    !shape.serial &&
    !shape.identity &&
    shape.generated === undefined &&
    !parts.some(({ constraint }) => constraint?.contype === 'CONSTR_NOTNULL' && !isPlainNotNull(constraint)) &&
    !functionsCalled(shape.default).some((name) => functionKind(name) === 'volatile') &&
    !(shape.notNull && shape.default === undefined)
  if (!bare) return undefined
  const typeStart = column.typeName?.location ?? 0
  const typeEnd = Math.min(...parts.map(({ tokens }) => tokens[0]?.start ?? Number.POSITIVE_INFINITY))
  const type = textOf(
    source.text,
    source.tokens.filter((token) => token.start >= typeStart && token.start < typeEnd),
  )
  const fallback = parts.find(({ constraint }) => constraint?.contype === 'CONSTR_DEFAULT')
  const expression =
    fallback === undefined
      ? undefined
      : textOf(source.text, fallback.tokens.slice(findToken(fallback.tokens, 'DEFAULT') + 1))
  return {
    operation: {
      kind: 'addColumn',
      table: tableNameOf(source.table),
      column: column.colname ?? '',
      type,
      ...(expression === undefined ? {} : { default: sql.raw(expression) }),
      ...(shape.notNull ? { notNull: true } : {}),
    },
  }
}

function isPlainNotNull(constraint: Constraint): boolean {
  return constraint.conname === undefined && constraint.is_no_inherit !== true && constraint.skip_validation !== true
}

/** The clause without the tokens that were taken out of its middle. */
function joined(source: ClauseSource, tokens: readonly Token[]): string {
  let text = ''
  let before: Token | undefined
  for (const token of tokens) {
    const gap = before === undefined || source.text.slice(before.end, token.start) === '' ? '' : ' '
    text += gap + token.text
    before = token
  }
  return text
}
