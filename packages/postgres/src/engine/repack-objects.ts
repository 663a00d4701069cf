import type { EngineTable, Leftovers, Session, TransactionOptions } from '@phasegate/core'
import { escapeIdentifier } from 'pg'

type Table = Pick<EngineTable, 'schema' | 'name'>

/** Oid of the table that pg_repack works on, by the name of what is its own: `repack.log_16455`. */
export function repackedOids(tables: readonly string[]): readonly string[] {
  const oids = tables.flatMap((name) => /^repack\.(?:log|table|pk)_(\d+)$/.exec(name)?.[1] ?? [])
  return [...new Set(oids)]
}

interface Relation {
  readonly written: string
  readonly schema: string
  readonly name: string
  /** A row type that stands alone is one, too (PostgreSQL docs: pg_class.relkind). */
  readonly kind: string
  readonly [key: string]: unknown
}

/** Of these names those that are there, tables in the order given. */
export async function existingLeftovers(session: Session, table: Table, names: Leftovers): Promise<Leftovers> {
  const relations = await relationsNamed(session, table, names.tables)
  return {
    triggers: await triggersNamed(session, table, names.triggers),
    tables: relations.map(({ written }) => written),
  }
}

/**
 * Drops triggers first: from then on no write needs the log that they write to, so that it can go. Each in a transaction of
 * its own, lest the table be locked while another lock is waited for.
 */
export async function dropLeftovers(
  session: Session,
  table: Table,
  names: Leftovers,
  limits: TransactionOptions,
): Promise<void> {
  const drop = (statement: string): Promise<unknown> => session.transaction(limits, () => session.query(statement))
  for (const trigger of await triggersNamed(session, table, names.triggers))
    await drop(`DROP TRIGGER IF EXISTS ${escapeIdentifier(trigger)} ON ${quoted(table)}`)
  for (const relation of await relationsNamed(session, table, names.tables))
    await drop(`DROP ${relation.kind === 'c' ? 'TYPE' : 'TABLE'} IF EXISTS ${quoted(relation)}`)
}

function quoted({ schema, name }: Table): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`
}

async function triggersNamed(session: Session, table: Table, names: readonly string[]): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT t.tgname AS name FROM pg_trigger t
     JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2 AND t.tgname = ANY ($3) ORDER BY t.tgname`,
    [table.schema, table.name, names],
  )
  return rows.map(({ name }) => name)
}

function relationsNamed(session: Session, { schema }: Table, names: readonly string[]): Promise<readonly Relation[]> {
  return session.query<Relation>(
    `SELECT names.written, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind
     FROM unnest($2::text[]) WITH ORDINALITY AS names (written, position)
     JOIN pg_class c ON c.relkind IN ('r', 'c')
     JOIN pg_namespace n ON n.oid = c.relnamespace
       AND (n.nspname = $1 AND c.relname = names.written OR n.nspname || '.' || c.relname = names.written)
     ORDER BY names.position`,
    [schema, names],
  )
}
