import type { Session } from '@phasegate/core'
import type { TableFound } from '../catalog/tables-named.js'
import { mysqlQuoting } from '../quoting.js'
import { classifyError, errorNumber } from './classify-error.js'
import { ifAllowed } from './list-sessions.js'
import { conflicts, type HeldLock, pairs, sameCase } from './metadata-locks.js'

/** Is the plugin of that name there (MariaDB documentation, "Metadata Lock Info Plugin")? */
export async function hasLockPlugin(session: Session): Promise<boolean> {
  const rows = await session.query(
    `SELECT 1 AS there FROM information_schema.plugins
     WHERE plugin_name = 'METADATA_LOCK_INFO' AND plugin_status = 'ACTIVE'`,
  )
  return rows.length > 0
}

interface LockRow {
  readonly id: string | number
  readonly mode: string
  readonly [key: string]: unknown
}

/** Locks on `tables` of other sessions than ours, as the plugin lists them. */
export async function pluginLocksOn(session: Session, tables: readonly TableFound[]): Promise<readonly HeldLock[]> {
  if (tables.length === 0) return []
  const rows = await ifAllowed(() =>
    session.query<LockRow>(
      `SELECT thread_id AS id, lock_mode AS mode FROM information_schema.metadata_lock_info
       WHERE lock_type = 'Table metadata lock' AND thread_id <> CONNECTION_ID()
         AND (table_schema, table_name) IN (?) AND ${sameCase('table_schema', 'table_name')}`,
      [pairs(tables), pairs(tables)],
    ),
  )
  return rows.map((row) => ({ id: String(row.id), mode: row.mode }))
}

/**
 * Sessions in the way of session `id`, which waits for a metadata lock. What it waits for the plugin does not list: it is
 * taken to be exclusive, on one of the tables that it holds some lock on by now.
 */
export async function pluginBlockers(session: Session, id: string): Promise<readonly string[]> {
  const rows = await ifAllowed(() =>
    session.query<LockRow>(
      `SELECT DISTINCT h.thread_id AS id, h.lock_mode AS mode FROM information_schema.metadata_lock_info w
       JOIN information_schema.metadata_lock_info h ON h.lock_type = w.lock_type AND h.thread_id <> w.thread_id
         AND CAST(h.table_schema AS BINARY) <=> CAST(w.table_schema AS BINARY)
         AND CAST(h.table_name AS BINARY) <=> CAST(w.table_name AS BINARY)
       WHERE w.thread_id = ? AND w.lock_type = 'Table metadata lock'`,
      [id],
    ),
  )
  return rows.filter((row) => conflicts('EXCLUSIVE', row.mode)).map((row) => String(row.id))
}

/**
 * Is anybody using one of these tables now? Asked by taking each for ourselves for a moment, or not at all: NOWAIT never
 * enters the queue where others would wait behind us. Undefined: it cannot be asked (no LOCK TABLES privilege, a view, no
 * such table). LOCK TABLES ends a transaction, so that nothing is asked within one.
 */
export async function anyTableInUse(session: Session, tables: readonly TableFound[]): Promise<boolean | undefined> {
  const [state] = await session.query<{ open: string | number }>('SELECT @@in_transaction AS open')
  if (Number(state?.open) !== 0) return undefined
  for (const table of tables) {
    try {
      await session.query(`LOCK TABLES ${mysqlQuoting.identifier([table.schema, table.name])} WRITE NOWAIT`)
    } catch (error) {
      if (classifyError(error) === 'lock timeout') return true
      if (errorNumber(error) !== undefined && classifyError(error) !== 'connection') return undefined
      throw error
    } finally {
      // Also what a statement that failed half-way holds; on a connection that is gone there is nothing to free.
      await session.query('UNLOCK TABLES').catch(() => {})
    }
  }
  return false
}
