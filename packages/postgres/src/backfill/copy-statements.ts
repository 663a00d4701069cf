import type { CopyForm } from '@phasegate/core'
import { escapeIdentifier } from 'pg'
import type { ComparedColumn } from './compared-columns.js'

/** `"public"."profiles"` */
export function intoName({ into }: CopyForm): string {
  return into.schema === undefined
    ? escapeIdentifier(into.name)
    : `${escapeIdentifier(into.schema)}.${escapeIdentifier(into.name)}`
}

const isConflict = ({ onConflict }: CopyForm, column: string): boolean => onConflict.columns.includes(column)

const names = (columns: readonly string[]): string => columns.map(escapeIdentifier).join(', ')

/** The rows of the batch, computed; `rows` is what stands behind SELECT and FROM of the source. */
const source = (form: CopyForm, rows: string): string =>
  `SELECT ${form.select.map(({ expression }, index) => `(${expression}\n) AS phasegate_${index}`).join(', ')} FROM ${rows}`

function upsert(form: CopyForm, from: string): string {
  const { select, onConflict } = form
  const columns = select.map(({ column }) => column)
  const others = columns.filter((column) => !isConflict(form, column))
  const update = others.map((column) => `${escapeIdentifier(column)} = EXCLUDED.${escapeIdentifier(column)}`)
  const what = onConflict.do === 'nothing' || others.length === 0 ? 'NOTHING' : `UPDATE SET ${update.join(', ')}`
  const values = select.map((_, index) => `phasegate_${index}`).join(', ')
  return `INSERT INTO ${intoName(form)} (${names(columns)}) SELECT ${values} FROM ${from}
  ON CONFLICT (${names(onConflict.columns)}) DO ${what}`
}

/**
 * The parts of the batch's statement that fill the other table; `phasegate_changed` are the rows of the source. These are
 * locked (FOR SHARE): a dual write that comes at the same moment has been before, and is read, or comes after and finds
 * ours; without the lock ours would put an old value over its new one.
 */
export function copyParts(form: CopyForm, rows: string, table: string): string {
  return `phasegate_changed AS MATERIALIZED (
  SELECT false AS phasegate_again, phasegate_source.* FROM (${source(form, rows)}
  FOR SHARE OF ${table}) AS phasegate_source
), phasegate_written AS (
  ${upsert(form, 'phasegate_changed')}
)`
}

/** The data change alone. */
export function copySql(form: CopyForm, rows: string): string {
  return upsert(form, `(${source(form, rows)}) AS phasegate_source`)
}

/** Of a row of the source: the other table has no row for it, or (`values`) one that holds something else. */
export function notCopied(form: CopyForm, columns: readonly ComparedColumn[], values: boolean): string {
  const wanted = form.select.map(
    ({ expression }, index) => `CAST((${expression}\n) AS ${columns[index]!.type}) AS phasegate_${index}`,
  )
  const equal = form.select.flatMap(({ column }, index) => {
    const actual = `phasegate_into.${escapeIdentifier(column)}`
    if (isConflict(form, column)) return [`${actual} = phasegate_${index}`]
    if (!values) return []
    const text = columns[index]!.equality ? '' : '::text'
    return [`${actual}${text} IS NOT DISTINCT FROM phasegate_${index}${text}`]
  })
  return `NOT EXISTS (SELECT FROM (SELECT ${wanted.join(', ')}) AS phasegate_wanted
  JOIN ${intoName(form)} AS phasegate_into ON ${equal.join(' AND ')})`
}
