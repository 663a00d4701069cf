import type { MapFunction } from '../../authoring/map-function.js'
import type { TableName } from '../../authoring/operation.js'
import type { MapForm } from '../../compiled/backfill-form.js'
import { quoteTable, tableReference } from '../../operations/table-reference.js'
import { withLocation } from '../with-location.js'
import { type FormReader, type FormSource, whereClause } from './form-reader.js'

/** `{ table, select, map, set, version }`: values computed in JavaScript. */
export const mapForm: FormReader = {
  options: ['table', 'select', 'map', 'set', 'version', 'deterministic'],
  read: (definition, source) => {
    const { file, quoting, where, shape } = source
    const table = withLocation({ file }, 'backfill', () => tableReference(definition.table as TableName, quoting))
    const { map, version, deterministic = false } = definition
    if (typeof map !== 'function')
      throw shape('backfill.map is not a function.', 'Write map: (rows) => rows.map((row) => ({ … })).')
    if (typeof version !== 'string' || version === '') {
      throw shape(
        'A backfill with map has no version.',
        "Write version: '1', and another one whenever the function gives other values: it stands for it in the fingerprint.",
      )
    }
    if (typeof deterministic !== 'boolean')
      throw shape('backfill.deterministic is true or false.', 'Write deterministic: true, or leave it out.')
    const form: MapForm = {
      kind: 'map',
      select: columnList('select', "['id', 'email']", definition.select, source),
      set: columnList('set', "['email_encrypted']", definition.set, source),
      map: map as MapFunction,
      version,
      deterministic,
    }
    const names = (columns: readonly string[]): string => columns.map((name) => quoting.identifier([name])).join(', ')
    const written = `UPDATE ${quoteTable(table, quoting)} SET ${names(form.set)} = map(${names(form.select)}) version ${version}`
    return { table, form, set: [], written: `${written}${whereClause(where)}` }
  },
}

function columnList(
  option: string,
  example: string,
  value: unknown,
  { file, quoting, shape }: FormSource,
): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || !value.every((name) => typeof name === 'string'))
    throw shape(`backfill.${option} beside map is not a list of column names.`, `Write ${option}: ${example}.`)
  const columns = [...new Set<string>(value)]
  for (const column of columns) withLocation({ file }, 'backfill', () => quoting.identifier([column]))
  return columns
}
