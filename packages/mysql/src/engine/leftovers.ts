import type { EngineTable, Leftovers, Session, TransactionOptions } from '@phasegate/core'
import { quoteName } from '../quoting.js'
import { readCatalog } from './read-catalog.js'
import { endSessionsNaming } from './tool-sessions.js'
import { turnForeignKeys } from './turn-foreign-keys.js'

type Table = Pick<EngineTable, 'schema' | 'name'>

interface Found {
  readonly triggers: readonly { readonly name: string; readonly table: string }[]
  readonly tables: readonly string[]
}

/** Of these names, in their order, those that are there; of triggers those of this table and of the tables named. */
export async function existingLeftovers(session: Session, table: Table, names: Leftovers): Promise<Leftovers> {
  const { triggers, tables } = await findLeftovers(session, table, names)
  return { triggers: triggers.map((one) => one.name), tables }
}

async function findLeftovers(session: Session, { schema, name }: Table, names: Leftovers): Promise<Found> {
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
      : await readCatalog<{ name: string; table: string }>(
          session,
          // A long name is cut by its tool, so that another table's trigger may have the same.
          `SELECT trigger_name AS name, event_object_table AS \`table\` FROM information_schema.triggers
           WHERE trigger_schema = ? AND trigger_name IN (?) AND event_object_table IN (?)`,
          [schema, names.triggers, [name, ...names.tables]],
        )
  const isNamed = (name: string) => (row: { readonly name: string }) => same(row.name, name)
  return {
    triggers: names.triggers.flatMap((one) =>
      triggers.filter(isNamed(one)).map((row) => ({ name: one, table: row.table })),
    ),
    tables: names.tables.filter((one) => tables.some(isNamed(one))),
  }
}

/**
 * Removes what a tool left. Where triggers on the table feed a copy, or may at any moment, both are locked together from before the
 * first trigger goes until the copy is gone: a tool that still runs cannot swap a copy in that nobody feeds any more, and a writer never meets a
 * trigger whose table is missing (error 1146). Statements of the tool that wait before that lock or behind it are ended: one would
 * else make a trigger, or swap, once it is given up. MySQL and MariaDB drop triggers and tables under LOCK TABLES (measured on
 * 9.7.4 and 10.11.19), and writers see all of it or nothing. After a swap the triggers are the old table's, and nobody waits.
 *
 * @throws `ENGINE.STILL_RUNS` where a statement of the tool does not end; `ENGINE.ORPHANS`, before anything is removed; what the server says where a lock is not to be had in
 *   time (1205, or 1213 beside writers) or the table itself is gone
 */
export async function removeLeftovers(
  session: Session,
  table: Table,
  names: Leftovers,
  limits: TransactionOptions,
): Promise<void> {
  await endSessionsNaming(session, table, names.tables)
  const there = await findLeftovers(session, table, names)
  if (there.triggers.length + there.tables.length === 0) return
  const qualified = (name: string): string => `${quoteName(table.schema)}.${quoteName(name)}`
  await session.limited(limits, async () => {
    await turnForeignKeys(session, table, there.tables)
    if (names.triggers.length > 0 && there.triggers.every((trigger) => same(trigger.table, table.name))) {
      const locked = [table.name, ...there.tables].map((name) => `${qualified(name)} WRITE`)
      await session.query(`LOCK TABLES ${locked.join(', ')}`)
      await endSessionsNaming(session, table, names.tables)
    }
    const { triggers, tables } = await findLeftovers(session, table, names)
    for (const trigger of triggers) await session.query(`DROP TRIGGER IF EXISTS ${qualified(trigger.name)}`)
    for (const one of tables) await session.query(`DROP TABLE IF EXISTS ${qualified(one)}`)
  })
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
