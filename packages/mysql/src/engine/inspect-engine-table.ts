import type { EngineTable, QualifiedName, Session } from '@phasegate/core'
import type { Capabilities } from '../server/capabilities.js'
import { readCatalog } from './read-catalog.js'
import { tableIdentity } from './table-identity.js'

interface TableRow {
  readonly schema: string
  readonly name: string
  readonly engine: string | null
  readonly options: string | null
  readonly rows: string | number | null
  readonly bytes: string | number | null
  readonly [key: string]: unknown
}

/** Undefined for what is not there, and for a view. Names as the catalog holds them. */
export async function inspectEngineTable(
  session: Session,
  table: QualifiedName,
  capabilities: Capabilities,
): Promise<EngineTable | undefined> {
  // Else sizes are those of up to a day ago.
  if (capabilities.cachedTableStatistics) await session.query('SET SESSION information_schema_stats_expiry = 0')
  const [row] = await readCatalog<TableRow>(
    session,
    `SELECT table_schema AS \`schema\`, table_name AS name, engine AS engine, create_options AS options,
       table_rows AS \`rows\`, data_length + index_length AS bytes
     FROM information_schema.tables
     WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND table_type NOT LIKE '%VIEW%'`,
    [table.schema ?? null, table.name],
  )
  if (row === undefined) return undefined
  const { schema, name } = row
  return {
    schema,
    name,
    identity: await tableIdentity(session, schema, name, capabilities),
    rows: row.rows === null ? null : Number(row.rows),
    bytes: Number(row.bytes ?? 0),
    storage: row.engine ?? '',
    partitioned: /\bpartitioned\b/i.test(row.options ?? ''),
    columns: await readColumns(session, schema, name),
    keys: await readKeys(session, schema, name),
    references: await readReferences(session, schema, name),
    referencedBy: await readReferencedBy(session, schema, name),
    triggers: await readTriggers(session, schema, name),
  }
}

async function readColumns(session: Session, schema: string, name: string): Promise<readonly string[]> {
  const rows = await readCatalog<{ name: string }>(
    session,
    `SELECT column_name AS name FROM information_schema.columns WHERE table_schema = ? AND table_name = ?
     ORDER BY ordinal_position`,
    [schema, name],
  )
  return rows.map((row) => row.name)
}

interface KeyRow {
  readonly INDEX_NAME: string
  readonly COLUMN_NAME: string | null
  readonly NULLABLE: string
  readonly SUB_PART: string | number | null
  readonly INDEX_TYPE: string
  /** MySQL. */
  readonly IS_VISIBLE?: 'YES' | 'NO'
  /** MariaDB. */
  readonly IGNORED?: 'YES' | 'NO'
  readonly type: string | null
  readonly [key: string]: unknown
}

async function readKeys(session: Session, schema: string, name: string): Promise<EngineTable['keys']> {
  const parts = await readCatalog<KeyRow>(
    session,
    `SELECT s.*, c.data_type AS type FROM information_schema.statistics s
     LEFT JOIN information_schema.columns c ON c.table_schema = s.table_schema AND c.table_name = s.table_name
       AND c.column_name = s.column_name
     WHERE s.table_schema = ? AND s.table_name = ? AND s.non_unique = 0
     ORDER BY s.index_name <> 'PRIMARY', s.index_name, s.seq_in_index`,
    [schema, name],
  )
  return [...new Set(parts.map((part) => part.INDEX_NAME))]
    .map((key) => ({ key, own: parts.filter((part) => part.INDEX_NAME === key) }))
    .filter(({ own }) => own.every(walksWholeColumn))
    .map(({ key, own }) => ({
      name: key,
      columns: own.map((part) => part.COLUMN_NAME ?? ''),
      primary: key === 'PRIMARY',
      wholeNumbers: own.every(({ type }) => WHOLE_NUMBERS.includes(type ?? '')),
    }))
}

const WHOLE_NUMBERS = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint']

/** Neither an expression, nor a prefix, nor NULL, nor an index that the optimizer passes by. */
function walksWholeColumn(part: KeyRow): boolean {
  const hidden = part.IS_VISIBLE === 'NO' || part.IGNORED === 'YES'
  return (
    part.COLUMN_NAME !== null &&
    part.SUB_PART === null &&
    part.NULLABLE === '' &&
    part.INDEX_TYPE === 'BTREE' &&
    !hidden
  )
}

async function readReferences(session: Session, schema: string, name: string): Promise<EngineTable['references']> {
  const rows = await readCatalog<{ constraint: string; table: string }>(
    session,
    `SELECT constraint_name AS \`constraint\`, referenced_table_name AS \`table\`
     FROM information_schema.referential_constraints WHERE constraint_schema = ? AND table_name = ?
     ORDER BY constraint_name`,
    [schema, name],
  )
  return rows.map(({ constraint, table }) => ({ constraint, table }))
}

async function readReferencedBy(session: Session, schema: string, name: string): Promise<EngineTable['referencedBy']> {
  const rows = await readCatalog<{ constraint: string; schema: string; table: string; rows: string | number | null }>(
    session,
    `SELECT r.constraint_name AS \`constraint\`, r.constraint_schema AS \`schema\`, r.table_name AS \`table\`,
       t.table_rows AS \`rows\`
     FROM information_schema.referential_constraints r
     JOIN information_schema.tables t ON t.table_schema = r.constraint_schema AND t.table_name = r.table_name
     WHERE r.unique_constraint_schema = ? AND r.referenced_table_name = ?
       AND NOT (r.constraint_schema = r.unique_constraint_schema AND r.table_name = r.referenced_table_name)
     ORDER BY r.constraint_schema, r.constraint_name`,
    [schema, name],
  )
  return rows.map((row) => ({
    constraint: row.constraint,
    table: row.schema === schema ? row.table : `${row.schema}.${row.table}`,
    rows: row.rows === null ? null : Number(row.rows),
  }))
}

async function readTriggers(session: Session, schema: string, name: string): Promise<EngineTable['triggers']> {
  const rows = await readCatalog<{ name: string }>(
    session,
    `SELECT trigger_name AS name FROM information_schema.triggers
     WHERE event_object_schema = ? AND event_object_table = ? ORDER BY trigger_name`,
    [schema, name],
  )
  return rows.map((row) => ({ name: row.name, sync: row.name.startsWith('phasegate_sync_') }))
}
