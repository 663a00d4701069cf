import type {
  BackfillKey,
  BackfillTarget,
  CompiledBackfill,
  MapColumn,
  MapForm,
  RowChange,
  RowRead,
  Session,
} from '@phasegate/core'
import { selected } from './backfill-statements.js'
import { type ComparedColumn, columnTypes } from './compared-columns.js'
import { asRow, commonColumns, keyColumns, keyValues } from './key-form.js'
import { keyRange } from './key-range.js'
import { differingSql, type Mapping, readRowsSql } from './map-statements.js'
import { tableName } from './table-name.js'

const NUMBERS = new Set(['smallint', 'integer', 'real', 'double precision'])

function kindOf({ type }: ComparedColumn): MapColumn['kind'] {
  if (NUMBERS.has(type)) return 'number'
  if (type === 'boolean') return 'boolean'
  return type === 'bytea' ? 'bytes' : 'text'
}

/** @throws where the backfill does not map, which only a bug can ask for */
export async function mappingOf(session: Session, backfill: CompiledBackfill, key: BackfillKey): Promise<Mapping> {
  const form = mapForm(backfill)
  const table = tableName(backfill)
  return {
    backfill,
    form,
    key,
    read: await columnTypes(session, table, form.select),
    written: await columnTypes(session, table, form.set),
  }
}

function mapForm({ form, table }: CompiledBackfill): MapForm {
  if (form?.kind !== 'map') throw new Error(`the backfill of ${table.name} maps nothing`)
  return form
}

/** The rows as `map-statements` has them travel. */
export function givenRows({ form }: Mapping, changes: readonly RowChange[]): string {
  const rows = changes.map(({ key, texts, set }) => ({
    phasegate_k: key,
    phasegate_r: texts,
    phasegate_s: form.set.map((name) => (Object.hasOwn(set, name) ? [set[name]] : [])),
  }))
  return JSON.stringify(rows)
}

/** What a backfill that maps reads, and how its values are compared. */
export const mapTarget: Pick<BackfillTarget, 'mapColumns' | 'readRows' | 'differing'> = {
  mapColumns: async (session, backfill) => {
    const form = mapForm(backfill)
    const columns = async (names: readonly string[]): Promise<readonly MapColumn[]> =>
      (await columnTypes(session, tableName(backfill), names)).map((column, index) => ({
        name: names[index]!,
        kind: kindOf(column),
      }))
    return { read: await columns(form.select), written: await columns(form.set) }
  },
  readRows: async (session, backfill, key, asked) => {
    const mapping = await mappingOf(session, backfill, key)
    const columns = keyColumns(backfill, key)
    if ('keys' in asked) {
      const among = `${asRow(columns)} IN (
  SELECT ${keyValues('phasegate_key', key).join(', ')} FROM unnest($1::text[]) AS phasegate_keys (phasegate_key))`
      const sql = readRowsSql(mapping, `${among} AND ${selected(backfill)}`, tableName(backfill))
      const rows = await session.query<RowRead & Record<string, unknown>>(sql, [asked.keys])
      const byKey = new Map(rows.map((row) => [row.key, row]))
      return asked.keys.flatMap((one) => byKey.get(one) ?? [])
    }
    const { after, end } = asked
    const rows = `${keyRange(backfill, key, { after: after === null ? undefined : 2, upTo: 1, common: commonColumns(key, after, end) })} AND ${selected(backfill)}`
    const sql = `${readRowsSql(mapping, rows, tableName(backfill))} ORDER BY ${columns.join(', ')}`
    return await session.query<RowRead & Record<string, unknown>>(sql, [end, ...(after === null ? [] : [after])])
  },
  differing: async (session, backfill, key, changes, compared) => {
    const mapping = await mappingOf(session, backfill, key)
    const sql = differingSql(mapping, tableName(backfill), compared)
    return (await session.query<{ key: string }>(sql, [givenRows(mapping, changes)])).map((row) => row.key)
  },
}
