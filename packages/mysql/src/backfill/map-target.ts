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
import { longestStatement, statementsThatFit } from '../session/packet.js'
import { columnTypes, comparedColumns } from './compared-columns.js'
import { differingRowsSql, type Mapping, type MapReadRow, readRowsSql } from './map-statements.js'

const NUMBERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'year', 'float', 'double', 'bit'])
const BYTES = new Set([
  ...['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'vector'],
  ...['geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon'],
  ...['geomcollection', 'geometrycollection'],
])

const kindOf = (type: string): MapColumn['kind'] => (NUMBERS.has(type) ? 'number' : BYTES.has(type) ? 'bytes' : 'text')

function mapForm({ form, table }: CompiledBackfill): MapForm {
  if (form?.kind !== 'map') throw new Error(`the backfill of ${table.name} maps nothing`)
  return form
}

async function columnsOf(session: Session, backfill: CompiledBackfill): Promise<Mapping['columns']> {
  const form = mapForm(backfill)
  const types = await columnTypes(session, backfill.table)
  const columns = (names: readonly string[]): readonly MapColumn[] =>
    names.map((name) => ({ name, kind: kindOf(types.get(name.toLowerCase()) ?? '') }))
  return { read: columns(form.select), written: columns(form.set) }
}

export async function mappingOf(
  session: Session,
  backfill: CompiledBackfill,
  key: BackfillKey,
  rowInValues: boolean,
): Promise<Mapping> {
  return {
    backfill,
    form: mapForm(backfill),
    key,
    columns: await columnsOf(session, backfill),
    compared: await comparedColumns(session, backfill),
    rowInValues,
    mostBytes: await longestStatement(session),
  }
}

/** A row as `readRowsSql` gives it. */
export function rowRead({ form }: Mapping, row: MapReadRow): RowRead {
  return {
    key: row.phasegate_text,
    texts: form.select.map((_, index) => row[`phasegate_read${index}`] as string | null),
  }
}

/** Rows in groups that give the same columns; those that give none are in no group. */
export function byColumns(
  { form }: Mapping,
  changes: readonly RowChange[],
): ReadonlyMap<readonly string[], readonly RowChange[]> {
  const groups = new Map<string, { readonly names: readonly string[]; readonly rows: RowChange[] }>()
  for (const change of changes) {
    const names = form.set.filter((name) => Object.hasOwn(change.set, name))
    if (names.length === 0) continue
    const group = groups.get(names.join('\0')) ?? { names, rows: [] }
    group.rows.push(change)
    groups.set(names.join('\0'), group)
  }
  return new Map([...groups.values()].map(({ names, rows }) => [names, rows]))
}

/** What a backfill that maps reads, and how its values are compared. */
export function createMapTarget(rowInValues: boolean): Pick<BackfillTarget, 'mapColumns' | 'readRows' | 'differing'> {
  return {
    mapColumns: columnsOf,
    readRows: async (session, backfill, key, asked) => {
      if ('keys' in asked && asked.keys.length === 0) return []
      const mapping = await mappingOf(session, backfill, key, rowInValues)
      const range = 'keys' in asked ? asked : { after: asked.after, upTo: asked.end }
      const rows = await session.query<MapReadRow>(readRowsSql(mapping, range))
      return rows.map((row) => rowRead(mapping, row))
    },
    differing: async (session, backfill, key, changes, compared) => {
      const mapping = await mappingOf(session, backfill, key, rowInValues)
      const keys: string[] = []
      for (const [names, rows] of byColumns(mapping, changes)) {
        const sql = (part: readonly RowChange[]): string => differingRowsSql(mapping, names, part, compared)
        for (const statement of statementsThatFit(rows, mapping.mostBytes, sql))
          keys.push(...(await session.query<{ phasegate_text: string }>(statement)).map((row) => row.phasegate_text))
      }
      return keys
    },
  }
}
