import {
  type BackfillKey,
  type BackfillTable,
  type CompiledBackfill,
  columnsWritten,
  proofOf,
  type Session,
} from '@phasegate/core'
import { capabilitiesOf } from '../server/capabilities.js'
import type { MysqlServer } from '../server/mysql-server.js'
import { classifyError, errorNumber } from '../session/classify-error.js'
import { badExpression, describeTable, generatedColumn, noColumn, noTable } from './backfill-errors.js'
import { changeLockedSql, changeRangeSql } from './change-statements.js'
import { chooseKey, type KeyCandidate } from './choose-key.js'
import { mismatchesSql } from './compare-statements.js'
import { comparedColumns } from './compared-columns.js'
import { insertCopiesSql } from './copy-statements.js'
import { inspectInto } from './inspect-into.js'
import { readRowsSql } from './map-statements.js'
import { mappingOf } from './map-target.js'

interface TableRow {
  readonly type: string
  readonly engine: string | null
  readonly rows: string | number | null
  readonly bytes: string | number | null
  readonly [key: string]: unknown
}

interface ColumnRow {
  readonly name: string
  readonly type: string
  readonly charset: string | null
  readonly collation: string | null
  readonly nullable: string
  readonly extra: string
  readonly [key: string]: unknown
}

/**
 * Reads what the backfill needs to know of its table and has the server plan one batch, so that a wrong name, function or
 * privilege is known before anything runs. A value that does not fit its column is known only when its row is written.
 */
export async function inspectTable(
  session: Session,
  backfill: CompiledBackfill,
  server: MysqlServer,
): Promise<BackfillTable> {
  const table = await readTable(session, backfill, server)
  const columns = await readColumns(session, backfill)
  assertColumns(backfill, columns)
  if (backfill.form?.kind === 'copy') await inspectInto(session, backfill, backfill.form)
  const key = chooseKey(backfill, await readCandidates(session, backfill, columns))
  await assertPlannable(session, backfill, key, server)
  return {
    key: countedKey(key),
    estimatedRows: table.rows === null ? null : Number(table.rows),
    bytes: Number(table.bytes ?? 0),
  }
}

function countedKey(key: BackfillKey): BackfillKey {
  const [column, ...others] = key.columns
  return others.length === 0 && /^\w*int\b/.test(column?.type ?? '') ? { ...key, wholeNumbers: true } : key
}

/** The condition that finds a table in a catalog view; by schema and name a server opens that table alone. */
function named({ table }: CompiledBackfill): { readonly sql: string; readonly values: readonly string[] } {
  return table.schema === undefined
    ? { sql: 'table_schema = DATABASE() AND table_name = ?', values: [table.name] }
    : { sql: 'table_schema = ? AND table_name = ?', values: [table.schema, table.name] }
}

async function readTable(session: Session, backfill: CompiledBackfill, server: MysqlServer): Promise<TableRow> {
  const { sql, values } = named(backfill)
  // Else the rows are those of up to a day ago.
  if (capabilitiesOf(server).cachedTableStatistics)
    await session.query('SET SESSION information_schema_stats_expiry = 0')
  const [table] = await session.query<TableRow>(
    `SELECT table_type AS type, engine AS engine, table_rows AS \`rows\`, data_length AS bytes
     FROM information_schema.tables WHERE ${sql}`,
    values,
  )
  const name = describeTable(backfill)
  if (table === undefined)
    throw noTable(
      backfill,
      `There is no table ${name}.`,
      'Apply the expand that creates it first (phasegate expand), or correct the name in the file.',
    )
  if (/VIEW/.test(table.type)) throw noTable(backfill, `${name} is a view.`, 'Name the table that holds the rows.')
  if (table.engine?.toLowerCase() !== 'innodb')
    throw noTable(
      backfill,
      `${name} is kept by ${table.engine ?? 'no engine'}, which has no transactions: cursor and data could not change together.`,
      `In a quiet hour, outside Phasegate: ALTER TABLE ${name} ENGINE = InnoDB.`,
    )
  return table
}

async function readColumns(session: Session, backfill: CompiledBackfill): Promise<readonly ColumnRow[]> {
  const { sql, values } = named(backfill)
  return await session.query<ColumnRow>(
    `SELECT column_name AS name, column_type AS type, character_set_name AS charset, collation_name AS collation,
       is_nullable AS nullable, extra AS extra
     FROM information_schema.columns WHERE ${sql} ORDER BY ordinal_position`,
    values,
  )
}

function assertColumns(backfill: CompiledBackfill, columns: readonly ColumnRow[]): void {
  const find = (name: string) => columns.find((column) => column.name.toLowerCase() === name.toLowerCase())
  const set = columnsWritten(backfill)
  const read = backfill.form?.kind === 'map' ? backfill.form.select : []
  const missing = [...set, ...read, ...(backfill.key ?? [])].filter((name) => !find(name))
  if (missing.length > 0)
    throw noColumn(
      backfill,
      `There is no column ${missing.join(', ')}; ${describeTable(backfill)} has ${columns.map(({ name }) => name).join(', ')}.`,
    )
  // DEFAULT_GENERATED is a default that is an expression.
  const generated = set.filter((name) => /\b(VIRTUAL|STORED|PERSISTENT) GENERATED\b/i.test(find(name)?.extra ?? ''))
  if (generated.length > 0) throw generatedColumn(backfill, generated)
}

/** One column of an index; what one of the families does not have is not there. */
interface IndexRow {
  readonly INDEX_NAME: string
  readonly COLUMN_NAME: string | null
  /** `A` or `D`. */
  readonly COLLATION: string | null
  readonly SUB_PART: number | string | null
  readonly INDEX_TYPE: string
  /** MySQL. */
  readonly IS_VISIBLE?: 'YES' | 'NO'
  /** MariaDB. */
  readonly IGNORED?: 'YES' | 'NO'
  readonly [key: string]: unknown
}

/** Unique indexes, with everything that decides whether one can be walked by. */
async function readCandidates(
  session: Session,
  backfill: CompiledBackfill,
  columns: readonly ColumnRow[],
): Promise<readonly KeyCandidate[]> {
  const { sql, values } = named(backfill)
  const rows = await session.query<IndexRow>(
    `SELECT s.* FROM information_schema.statistics s WHERE ${sql} AND s.non_unique = 0
     ORDER BY s.index_name, s.seq_in_index`,
    values,
  )
  return [...new Set(rows.map((row) => row.INDEX_NAME))].map((index) => {
    const parts = rows.filter((row) => row.INDEX_NAME === index)
    const first = parts[0]!
    return {
      index,
      primary: index === 'PRIMARY',
      columns: parts.map((part) => {
        const column = columns.find(({ name }) => name === part.COLUMN_NAME)
        return {
          name: part.COLUMN_NAME,
          type: column === undefined ? null : keyType(column),
          notNull: column?.nullable === 'NO',
          prefix: part.SUB_PART !== null,
          descending: part.COLLATION === 'D',
        }
      }),
      hidden: first.IS_VISIBLE === 'NO' || first.IGNORED === 'YES',
      btree: first.INDEX_TYPE === 'BTREE',
    }
  })
}

function keyType({ type, charset, collation }: ColumnRow): string {
  return charset === null || collation === null ? type : `${type} CHARACTER SET ${charset} COLLATE ${collation}`
}

async function assertPlannable(
  session: Session,
  backfill: CompiledBackfill,
  key: BackfillKey,
  server: MysqlServer,
): Promise<void> {
  const all = { after: null, upTo: null }
  try {
    await assertChange(session, backfill, key, server)
    if (backfill.comparable && proofOf(backfill) !== 'mapped again') {
      const columns = await comparedColumns(session, backfill)
      await session.query(`EXPLAIN ${mismatchesSql(backfill, key, { columns, compared: 'differs' }, all, 1)}`)
    }
  } catch (error) {
    // ER_BAD_FIELD_ERROR
    if (errorNumber(error) === 1054) throw noColumn(backfill, error instanceof Error ? error.message : String(error))
    const kind = classifyError(error)
    if (errorNumber(error) !== undefined && (kind === 'statement' || kind === 'row'))
      throw badExpression(backfill, error)
    throw error
  }
}

async function assertChange(
  session: Session,
  backfill: CompiledBackfill,
  key: BackfillKey,
  server: MysqlServer,
): Promise<void> {
  const { form } = backfill
  const all = { after: null, upTo: null }
  if (form?.kind === 'map') {
    const mapping = await mappingOf(session, backfill, key, capabilitiesOf(server).rowInValues)
    await session.query(`EXPLAIN ${readRowsSql(mapping, all)}`)
    return
  }
  if (form?.kind === 'copy') {
    await session.query(`EXPLAIN ${insertCopiesSql({ backfill, form, key }, 'TRUE')}`)
    return
  }
  await session.query(`EXPLAIN ${changeRangeSql(backfill, key, all)}`)
  if (!capabilitiesOf(server).failsInsteadOfWaiting)
    await session.query(`EXPLAIN ${changeLockedSql(backfill, key, all)}`)
}
