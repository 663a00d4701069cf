import type { Session } from '@phasegate/core'

/** A table or view of the catalog, by the name that it was asked for. */
export interface TableFound {
  readonly named: string
  readonly schema: string
  /** As the catalog holds it: a server may tell names by case or not. */
  readonly name: string
  readonly kind: 'table' | 'view'
  readonly bytes: number
  /** As the storage engine estimates them; null for a view. */
  readonly rows: number | null
}

interface TableRow {
  readonly schema: string
  readonly name: string
  readonly type: string
  readonly bytes: string | number | null
  readonly rows: string | number | null
  readonly [key: string]: unknown
}

/**
 * The tables of these names that are there. Names are as lock lists have them: as the catalog holds them and not quoted
 * (`Users`, `billing.invoice`). Asked one by one: by schema and name a server opens that table alone, by any other
 * condition every one (MariaDB documentation, "Information Schema Optimization").
 */
export async function findTables(session: Session, names: readonly string[]): Promise<readonly TableFound[]> {
  const found: TableFound[] = []
  for (const named of names) {
    const dot = named.indexOf('.')
    const table =
      (await findTable(session, named, undefined, named)) ??
      (dot === -1 ? undefined : await findTable(session, named, named.slice(0, dot), named.slice(dot + 1)))
    if (table !== undefined) found.push(table)
  }
  return found
}

async function findTable(
  session: Session,
  named: string,
  schema: string | undefined,
  name: string,
): Promise<TableFound | undefined> {
  const [row] = await session.query<TableRow>(
    `SELECT table_schema AS \`schema\`, table_name AS name, table_type AS type,
       data_length + index_length AS bytes, table_rows AS \`rows\`
     FROM information_schema.tables WHERE table_schema = ${schema === undefined ? 'DATABASE()' : '?'} AND table_name = ?`,
    schema === undefined ? [name] : [schema, name],
  )
  if (row === undefined) return undefined
  return {
    named,
    schema: row.schema,
    name: row.name,
    kind: /VIEW/.test(row.type) ? 'view' : 'table',
    bytes: Number(row.bytes ?? 0),
    rows: row.rows === null ? null : Number(row.rows),
  }
}
