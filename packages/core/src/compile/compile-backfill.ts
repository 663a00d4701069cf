import { type CopyForm, columnsWritten, type MapForm } from '../compiled/backfill-form.js'
import type { CompiledBackfill } from '../compiled/compiled-migration.js'
import type { CompileOptions } from '../ports/dialect.js'
import { displayName, type ExpressionFacts, type SqlLanguage } from '../ports/sql-language.js'
import type { AuthoredBackfill } from './authored-migration.js'
import { migrationError } from './migration-errors.js'

/**
 * Checks that a backfill may run twice over a row, or says that it does not (`once`), and tells whether its result can be
 * compared with its expressions afterwards.
 *
 * An expression that reads a column which the backfill sets gives something else the second time, and so does one that is
 * volatile or reads the clock. A `where` makes up for it only if it reads such a column too, and so can leave out what is
 * done; whether it does is seen when a batch runs (`mustEnd`), since SQL text cannot tell.
 *
 * @throws `BACKFILL.NOT_IDEMPOTENT`
 */
export function compileBackfill(
  authored: AuthoredBackfill,
  options: CompileOptions,
  language: Pick<SqlLanguage, 'quoting' | 'readExpression' | 'columnKey'>,
): CompiledBackfill {
  const { table, form, set, where, key, once, written, location } = authored
  const targets = columnsWritten(authored)
  const expressions = form?.kind === 'copy' ? form.select : set
  const facts = expressions.map(({ expression }) => language.readExpression(expression, location.file))
  const condition = where === undefined ? undefined : language.readExpression(where, location.file)
  for (const column of [...expressions.map((one) => one.column), ...(key ?? [])]) language.quoting.identifier([column])

  const targetKeys = targets.map(language.columnKey)
  const touches = (columns: readonly string[]): boolean =>
    columns.some((column) => column === '*' || targetKeys.includes(language.columnKey(column)))
  const ownTarget = facts.some(({ columns }) => touches(columns))
  if (form?.kind === 'copy') assertRepeatable(authored, form, facts)
  const volatile = form === undefined && facts.some(changesByItself)
  const conditionEnds = condition !== undefined && touches(condition.columns)
  const opaque = form?.kind === 'map' && !form.deterministic
  if (form?.kind === 'map') assertReadsOthers(authored, form, language.columnKey)
  const mustEnd = (ownTarget || volatile || opaque) && !once
  if (mustEnd && !conditionEnds) throw notIdempotent(authored, ownTarget)

  const reads = new Set([
    ...(form?.kind === 'map' ? form.select : []),
    ...facts.flatMap(({ columns }) => columns),
    ...(condition?.columns ?? []),
  ])
  return {
    table,
    ...(form === undefined ? {} : { form }),
    set,
    ...(where === undefined ? {} : { where }),
    ...(key === undefined ? {} : { key }),
    batchSize: authored.size ?? options.batchSize,
    batchTime: authored.time ?? options.batchTime,
    ...(authored.only === undefined ? {} : { only: authored.only }),
    ...(authored.throttle === undefined ? {} : { throttle: authored.throttle }),
    ...(authored.quarantine === undefined ? {} : { quarantine: authored.quarantine }),
    once,
    ...(mustEnd ? { mustEnd: true as const } : {}),
    ...(conditionEnds || form?.kind === 'delete' ? { whereEnds: true as const } : {}),
    comparable:
      !volatile && !(condition !== undefined && changesByItself(condition)) && (!ownTarget || (conditionEnds && !once)),
    reads: [...reads],
    written,
    location,
  }
}

/** Filling another table twice must find the rows of the first time, and leave in them what they hold. */
function assertRepeatable(
  { location, table }: AuthoredBackfill,
  { select, onConflict }: CopyForm,
  facts: readonly ExpressionFacts[],
): void {
  const finding = select.findIndex(({ column }, index) => {
    return changesByItself(facts[index]!) && (onConflict.do === 'update' || onConflict.columns.includes(column))
  })
  if (finding === -1) return
  const { column } = select[finding]!
  throw migrationError(
    'BACKFILL.NOT_IDEMPOTENT',
    `Running this backfill of ${displayName(table)} twice over a row would give ${column} another value.`,
    location,
    onConflict.columns.includes(column)
      ? [`Compute ${column} from columns of ${displayName(table)}: it tells whether a row is there already.`]
      : [`Compute ${column} from columns of ${displayName(table)}, or write do: 'nothing'.`],
    { why: 'The expression gives another value each time.' },
  )
}

/** Asked again it answers otherwise, over the very same row: `random()`, `now()`. */
function changesByItself({ volatile, perTransaction }: ExpressionFacts): boolean {
  return volatile || perTransaction
}

/** What reads a column that it sets reads something else the second time, and cannot be compared by running it again. */
function assertReadsOthers(
  { location }: AuthoredBackfill,
  { select, set, deterministic }: MapForm,
  columnKey: SqlLanguage['columnKey'],
): void {
  const read = select.map(columnKey)
  const both = set.filter((column) => read.includes(columnKey(column)))
  if (!deterministic || both.length === 0) return
  throw migrationError(
    'BACKFILL.FORM',
    `map is declared deterministic and sets ${both.join(', ')}, which it reads.`,
    location,
    [`Leave deterministic out, and give a where over ${both[0]} that leaves out what is done.`],
    { why: 'Verification runs map again over the rows as they are then, and it would read its own result.' },
  )
}

function notIdempotent(authored: AuthoredBackfill, ownTarget: boolean): Error {
  const { table, form, location } = authored
  const columns = columnsWritten(authored).join(', ')
  const ofMap =
    form?.kind === 'map'
      ? ['Or declare deterministic: true: your word that the same row always gets the same values.']
      : []
  return migrationError(
    'BACKFILL.NOT_IDEMPOTENT',
    `Running this backfill of ${displayName(table)} twice over a row would change ${columns} twice.`,
    location,
    [
      `Give a where that leaves out what is done, for example ${columns.split(',')[0]} IS NULL.`,
      ...ofMap,
      'Or declare once: true (SQL: -- batch: once): your word that keys do not change and that rows written after the start need nothing.',
    ],
    {
      why: ownTarget
        ? 'An expression reads a column that the backfill sets, and no where over such a column tells what is done.'
        : 'An expression gives another value each time, and no where over the column tells what is done.',
    },
  )
}
