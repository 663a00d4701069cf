import type { EngineTable, Leftovers, Session, TransactionOptions } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import { readCatalog } from './read-catalog.js'
import { endSessionsNaming } from './tool-sessions.js'

type Table = Pick<EngineTable, 'schema' | 'name'>

/** Of these names, in their order, those that are there; of triggers those of this table and of the tables named. */
export async function existingLeftovers(
  session: Session,
  { schema, name }: Table,
  names: Leftovers,
): Promise<Leftovers> {
  const tables =
    names.tables.length === 0
      ? []
      : await readCatalog<{ name: string }>(
          session,
          `SELECT table_name AS name FROM information_schema.tables
           WHERE table_schema = ? AND table_name IN (?)`,
          [schema, names.tables],
        )
  const triggers =
    names.triggers.length === 0
      ? []
      : await readCatalog<{ name: string }>(
          session,
          // A long name is cut by its tool, so that another table's trigger may have the same.
          `SELECT trigger_name AS name FROM information_schema.triggers
           WHERE trigger_schema = ? AND trigger_name IN (?) AND event_object_table IN (?)`,
          [schema, names.triggers, [name, ...names.tables]],
        )
  return { triggers: among(names.triggers, triggers), tables: among(names.tables, tables) }
}

function among(names: readonly string[], rows: readonly { readonly name: string }[]): readonly string[] {
  const found = new Set(rows.map((row) => row.name.toLowerCase()))
  return names.filter((name) => found.has(name.toLowerCase()))
}

/**
 * Removes what a tool left. The table and the tables to go are locked together from before the first trigger goes until the last
 * table is gone: a tool that still runs cannot swap a copy in that nobody feeds any more, and a writer never meets a trigger
 * whose table is missing (error 1146). Statements of the tool that wait before that lock or behind it are ended: one would else
 * make a trigger, or swap, once it is given up. MySQL and MariaDB drop triggers and tables under LOCK TABLES (measured on 9.7.4 and
 * 10.11.19), and writers see all of it or nothing.
 *
 * @throws `ENGINE.STILL_RUNS` where a statement of the tool does not end; what the server says where the lock is not to be had in time (1205, or 1213 beside writers), where the table itself is
 *   gone, or a foreign key points at what is to go
 */
export async function removeLeftovers(
  session: Session,
  table: Table,
  names: Leftovers,
  limits: TransactionOptions,
): Promise<void> {
  await endSessionsNaming(session, table, names.tables)
  const there = await existingLeftovers(session, table, names)
  if (there.triggers.length + there.tables.length === 0) return
  const qualified = (name: string): string => `${quoteName(table.schema)}.${quoteName(name)}`
  await session.limited(limits, async () => {
    const locked = [table.name, ...there.tables].map((name) => `${qualified(name)} WRITE`)
    await session.query(`LOCK TABLES ${locked.join(', ')}`)
    await endSessionsNaming(session, table, names.tables)
    const { triggers, tables } = await existingLeftovers(session, table, names)
    for (const trigger of triggers) await session.query(`DROP TRIGGER IF EXISTS ${qualified(trigger)}`)
    for (const one of tables) await session.query(`DROP TABLE IF EXISTS ${qualified(one)}`)
  })
}
